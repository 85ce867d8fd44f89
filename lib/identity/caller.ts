import type { Scope } from '#lib/contract/route';

/**
 * Who calls, as the client of the verified token says: `user` through the app's client, `admin` through the admin
 * client (DESIGN 12), whose users enrol MFA before they get a group (infra/identity.ts), `service` with client
 * credentials.
 */
export type CallerKind = 'user' | 'admin' | 'service' | 'anonymous';

export interface Caller {
  readonly kind: CallerKind;
  /** The user's id, a service's client id, or empty for nobody: an empty id can never become a key. */
  readonly sub: string;
  readonly clientId: string;
  readonly groups: ReadonlySet<string>;
  readonly scopes: ReadonlySet<string>;
}

export const anonymous: Caller = {
  kind: 'anonymous',
  sub: '',
  clientId: '',
  groups: new Set(),
  scopes: new Set(),
};

/** How an entry names who made it: `user:...`, `admin:...`, `service:...`. */
export function actorOf(caller: Caller): string {
  return `${caller.kind}:${caller.sub}`;
}

/** Who can write can read: the answer of every write says as much as a read. */
export function hasScope(caller: Caller, scope: Scope): boolean {
  if (caller.kind !== 'service') return false;
  if (caller.scopes.has(scope)) return true;
  return scope === 'credits/read' && caller.scopes.has('credits/write');
}
