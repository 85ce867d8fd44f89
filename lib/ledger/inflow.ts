import { sameNumber } from '#lib/id-prefixes';
import { advance } from '#lib/ledger/advance';
import { byBurnOrder, isExpired } from '#lib/ledger/burn-order';
import {
  type Command,
  type Decision,
  decided,
  type Draft,
  type Posting,
  post,
  refuse,
} from '#lib/ledger/decision';
import { type Draw, type Entry, type EntryType, entryId, type Merge } from '#lib/ledger/entry';
import { BALANCE_MAX, checkAmount, GRANTS_MAX } from '#lib/ledger/limits';
import { settleDebt } from '#lib/ledger/settle-debt';
import type { Grant, GrantTerms, Head } from '#lib/ledger/wallet';

/** The types of entries that bring new credits in as one grant. */
export type GrantingType = Extract<
  EntryType,
  'purchase' | 'bonus' | 'promo' | 'subscription' | 'adjustment'
>;

/**
 * What a payment's credits are. All of them are of equal terms, so that they find room in any wallet by merging
 * (DESIGN 3.9); their priority is in the middle of 0 to 100, so that others can be made to burn before or after them.
 */
export const BOUGHT_TERMS = { category: 'paid', priority: 50, expiresAt: null } as const;

/** Adds `amount` credits as one new grant. What the wallet owes is paid from them at once (DESIGN 3.6). */
export function add(
  head: Head,
  command: Command & { readonly type: GrantingType; readonly amount: number } & Omit<
      GrantTerms,
      'grantedAt'
    >,
): Decision {
  const { amount, category, priority, expiresAt, ...draft } = command;
  checkAmount(amount);
  const posting = advance(head, command.now);
  if (isExpired(command, posting.now)) return refuse({ code: 'ALREADY_EXPIRED' });
  const draw: Draw = {
    grantId: grantIdOf(entryId(head, command.cause)),
    amount,
    held: 0,
    category,
    priority,
    expiresAt,
    grantedAt: posting.now,
  };
  return bringIn(posting, { ...draft, draws: [draw] });
}

/** The grant that an entry makes carries the entry's own number. */
export function grantIdOf(id: Entry['id'], part?: number): string {
  const name = sameNumber(id, 'grant');
  return part === undefined ? name : `${name}_${part}`;
}

/** Posts an entry that gives credits, merging grants where the head would overflow, then pays debt from them. */
export function bringIn(posting: Posting, draft: Draft): Decision {
  const { head } = posting;
  const amount = draft.draws.reduce((sum, draw) => sum + draw.amount, 0);
  if (head.balance + amount > BALANCE_MAX) {
    return refuse({ code: 'BALANCE_LIMIT_EXCEEDED', limit: BALANCE_MAX });
  }
  const merged = mergesToFit(head.grants, draft);
  if (!merged) return refuse({ code: 'TOO_MANY_GRANTS', limit: GRANTS_MAX });
  return decided(settleDebt(post(posting, { ...draft, merged })), draft);
}

/**
 * The merges that keep the head within its bound: pairs of equal category, priority and expiry, oldest first
 * (DESIGN 3.9). Null when no such pair is left, which bought credits never meet: the place beyond the bound is for
 * purchases of their terms alone, so that it is theirs again and again.
 */
function mergesToFit(
  open: readonly Grant[],
  { draws, type }: Pick<Draft, 'draws' | 'type'>,
): readonly Merge[] | null {
  const isBought =
    type === 'purchase' && draws.every((draw) => kindOf(draw) === kindOf(BOUGHT_TERMS));
  const bound = isBought ? GRANTS_MAX + 1 : Math.max(GRANTS_MAX, open.length);
  const ids = new Set(open.map((grant) => grant.id));
  const fresh = draws
    .filter((draw) => draw.amount > 0 && !ids.has(draw.grantId))
    .map((draw): Grant => ({
      id: draw.grantId,
      category: draw.category,
      priority: draw.priority,
      expiresAt: draw.expiresAt,
      grantedAt: draw.grantedAt,
      remaining: draw.amount,
      held: 0,
    }));
  let grants = [...open, ...fresh].toSorted(byAge);
  const merges: Merge[] = [];
  while (grants.length > bound) {
    const merge = firstPair(grants);
    if (!merge) return null;
    merges.push(merge);
    grants = grants.filter((grant) => grant.id !== merge.from);
  }
  return merges;
}

function firstPair(oldestFirst: readonly Grant[]): Merge | null {
  const seen = new Map<string, string>();
  for (const grant of oldestFirst) {
    const terms = kindOf(grant);
    const into = seen.get(terms);
    if (into !== undefined) return { from: grant.id, into };
    seen.set(terms, grant.id);
  }
  return null;
}

/** Grants of one kind may merge: a wallet with them merged is worth the same, and burns the same. */
export function kindOf({ category, expiresAt, priority }: Omit<GrantTerms, 'grantedAt'>): string {
  return `${category} ${priority} ${expiresAt ?? ''}`;
}

function byAge(a: Grant, b: Grant): number {
  if (a.grantedAt !== b.grantedAt) return a.grantedAt < b.grantedAt ? -1 : 1;
  return byBurnOrder(a, b);
}
