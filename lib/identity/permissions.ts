import type { Permission } from '#lib/contract/route';
import type { Caller } from '#lib/identity/caller';

/** Cognito groups that mean something here (DESIGN 1, 5). */
export type Group = 'admin' | 'finance' | 'support' | 'suspended';

interface Rule {
  /** Who has it: everyone who is signed in, or the members of these groups through the admin client. */
  readonly who: 'everyone' | readonly Exclude<Group, 'suspended'>[];
  /** Whether it stays with a suspended user. */
  readonly whenSuspended: boolean;
}

/** Every permission and who has it: the one place (DESIGN 5). */
export const permissionTable: Readonly<Record<Permission, Rule>> = {
  'credits.read': { who: 'everyone', whenSuspended: true },
  'credits.purchase': { who: 'everyone', whenSuspended: false },
  'credits.spend': { who: 'everyone', whenSuspended: false },
  'credits.redeem': { who: 'everyone', whenSuspended: false },
  'admin.read': { who: ['support', 'finance', 'admin'], whenSuspended: false },
  'admin.adjust': { who: ['finance', 'admin'], whenSuspended: false },
  'admin.refund': { who: ['finance', 'admin'], whenSuspended: false },
  'admin.report': { who: ['finance', 'admin'], whenSuspended: false },
  // Settings, packages, promo codes: who sets prices does not also hand out credits, unless they may do everything.
  'admin.configure': { who: ['admin'], whenSuspended: false },
};

/**
 * Whether a person may do something. Groups give admin permissions only to a token of the admin client, whose users
 * enrol MFA before they get a group (infra/identity.ts): a stolen app token of an admin is just a user's.
 */
export function hasPermission(caller: Caller, permission: Permission): boolean {
  if (caller.kind !== 'user' && caller.kind !== 'admin') return false;
  const { who, whenSuspended } = permissionTable[permission];
  if (caller.groups.has('suspended') && !whenSuspended) return false;
  if (who === 'everyone') return true;
  return caller.kind === 'admin' && who.some((group) => caller.groups.has(group));
}
