import { advance } from '#lib/ledger/advance';
import { byBurnOrder, freeOf, isExpired } from '#lib/ledger/burn-order';
import {
  type Command,
  type Decision,
  decided,
  type Draft,
  type Posting,
  post,
  refuse,
} from '#lib/ledger/decision';
import { drawOf, joinByGrant } from '#lib/ledger/draws';
import { type Draw, type Entry, type EntryType, entryId, type Merge } from '#lib/ledger/entry';
import { BALANCE_MAX, GRANTS_MAX } from '#lib/ledger/limits';
import type { Grant, GrantTerms, Head } from '#lib/ledger/wallet';

/** The types of entries that bring new credits in as one grant. */
export type GrantingType = Extract<
  EntryType,
  'purchase' | 'bonus' | 'promo' | 'subscription' | 'adjustment'
>;

/** Adds `amount` credits as one new grant. What the wallet owes is paid from them at once (DESIGN 3.6). */
export function add(
  head: Head,
  command: Command & { readonly type: GrantingType; readonly amount: number } & Omit<
      GrantTerms,
      'grantedAt'
    >,
): Decision {
  if (isExpired(command, command.now)) return refuse({ code: 'ALREADY_EXPIRED' });
  const { amount, category, priority, expiresAt, ...draft } = command;
  const draw: Draw = {
    grantId: grantIdOf(entryId(head, command.cause)),
    amount,
    held: 0,
    category,
    priority,
    expiresAt,
    grantedAt: command.now,
  };
  return bringIn(advance(head, command.now), { ...draft, draws: [draw] }, command.now);
}

/** The grant that an entry makes carries the entry's own number. */
export function grantIdOf(id: Entry['id'], part?: number): string {
  const name = id.replace(/^txn_/, 'grn_');
  return part === undefined ? name : `${name}_${part}`;
}

/** Posts an entry that gives credits, merging grants where the head would overflow, then pays debt from them. */
export function bringIn(posting: Posting, draft: Draft, now: string): Decision {
  const { head } = posting;
  const amount = draft.draws.reduce((sum, draw) => sum + draw.amount, 0);
  if (head.balance + amount > BALANCE_MAX) {
    return refuse({ code: 'BALANCE_LIMIT_EXCEEDED', limit: BALANCE_MAX });
  }
  const merged = mergesToFit(head.grants, draft.draws);
  if (!merged) return refuse({ code: 'TOO_MANY_GRANTS', limit: GRANTS_MAX });
  return decided(payDebt(post(posting, { ...draft, merged }, now), draft, now), draft);
}

/** Later inflows pay debt first: with the very credits that came in, not with what was there before (DESIGN 3.6). */
function payDebt(posting: Posting, inflow: Draft, now: string): Posting {
  const { head, entries } = posting;
  const entry = entries.at(-1);
  if (!entry || head.debt === 0) return posting;
  const into = new Map(entry.merged.map((merge) => [merge.from, merge.into]));
  const draws: Draw[] = [];
  let owed = head.debt;
  for (const given of entry.draws) {
    const grantId = into.get(given.grantId) ?? given.grantId;
    const grant = head.grants.find((open) => open.id === grantId);
    const paid = grant ? Math.min(owed, given.amount, freeOf(grant)) : 0;
    if (grant && paid > 0) draws.push(drawOf(grant, { amount: -paid }));
    owed -= paid;
  }
  const paid = head.debt - owed;
  if (paid === 0) return posting;
  return post(
    posting,
    {
      type: 'reversal',
      draws: joinByGrant(draws),
      debtChange: -paid,
      description: 'Debt of an earlier reversal paid',
      reference: { type: 'transaction', id: entry.id },
      cause: `debt:${entry.id}`,
      actor: inflow.actor,
    },
    now,
  );
}

/**
 * The merges that keep the head within its bound: pairs of equal category, priority and expiry, oldest first
 * (DESIGN 3.9). Null when no such pair is left.
 */
function mergesToFit(open: readonly Grant[], draws: readonly Draw[]): readonly Merge[] | null {
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
  while (grants.length > GRANTS_MAX) {
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
    const terms = `${grant.category} ${grant.priority} ${grant.expiresAt ?? ''}`;
    const into = seen.get(terms);
    if (into !== undefined) return { from: grant.id, into };
    seen.set(terms, grant.id);
  }
  return null;
}

function byAge(a: Grant, b: Grant): number {
  if (a.grantedAt !== b.grantedAt) return a.grantedAt < b.grantedAt ? -1 : 1;
  return byBurnOrder(a, b);
}
