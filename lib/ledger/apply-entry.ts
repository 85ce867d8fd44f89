import { invariant, unreachable } from '#lib/invariant';
import { checkEntry } from '#lib/ledger/check-entry';
import type { Draw, Entry, EntryType, Merge } from '#lib/ledger/entry';
import { spentAfter } from '#lib/ledger/spending-cap';
import {
  checkHead,
  type Grant,
  type Head,
  type Hold,
  type Totals,
  withRecent,
} from '#lib/ledger/wallet';

/**
 * The head after one more entry. Deciding and replaying both go through here, so a head can hold nothing that its
 * entries do not say (DESIGN 3.10).
 */
export function applyEntry(head: Head, entry: Entry): Head {
  checkEntry(head, entry);
  const drawn = entry.draws.reduce(applyDraw, head.grants);
  const next: Head = {
    userId: head.userId,
    creditType: head.creditType,
    seq: entry.seq,
    balance: entry.balanceAfter,
    debt: entry.debt,
    grants: entry.merged
      .reduce(mergeGrants, drawn)
      .filter((grant) => grant.remaining > 0)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    holds: holdsAfter(head.holds, entry),
    totals: entry.totals,
    counts: { ...head.counts, [entry.type]: entry.ordinal },
    spent: spentAfter(head, entry),
    recent: withRecent(head.recent, entry.id),
    headHash: entry.hash,
    updatedAt: entry.createdAt,
  };
  checkHead(next);
  return next;
}

/** The running totals after an entry of this type and amount. */
export function totalsAfter(totals: Totals, type: EntryType, amount: number): Totals {
  const add = (name: keyof Totals, credits: number): Totals => ({
    ...totals,
    [name]: totals[name] + credits,
  });
  switch (type) {
    case 'purchase':
      return add('purchased', amount);
    case 'bonus':
    case 'promo':
    case 'subscription':
      return add('granted', amount);
    case 'usage':
      return { ...add('used', -amount), usages: totals.usages + 1 };
    case 'refund':
      return add('refunded', amount);
    case 'adjustment':
      return add('adjusted', amount);
    case 'transfer_in':
      return add('transferredIn', amount);
    case 'transfer_out':
      return add('transferredOut', -amount);
    case 'expiry':
      return add('expired', -amount);
    case 'reversal':
      return add('reversed', -amount);
    case 'reinstatement':
      return add('reinstated', amount);
    case 'hold':
    case 'release':
    case 'freeze':
    case 'unfreeze':
      return totals;
    default:
      return unreachable(type);
  }
}

function applyDraw(grants: readonly Grant[], draw: Draw): readonly Grant[] {
  const before = grants.find((grant) => grant.id === draw.grantId);
  invariant(before !== undefined || draw.amount > 0, 'only a grant with credits can be drawn from');
  const after: Grant = {
    id: draw.grantId,
    category: draw.category,
    priority: draw.priority,
    expiresAt: draw.expiresAt,
    grantedAt: draw.grantedAt,
    remaining: (before?.remaining ?? 0) + draw.amount,
    held: (before?.held ?? 0) + draw.held,
  };
  invariant(
    !before ||
      (before.category === after.category &&
        before.priority === after.priority &&
        before.expiresAt === after.expiresAt &&
        before.grantedAt === after.grantedAt),
    'the terms of a grant never change',
  );
  invariant(0 <= after.held && after.held <= after.remaining, 'a grant holds what is set aside');
  return [...grants.filter((grant) => grant.id !== draw.grantId), after];
}

function mergeGrants(grants: readonly Grant[], merge: Merge): readonly Grant[] {
  const from = grants.find((grant) => grant.id === merge.from);
  const into = grants.find((grant) => grant.id === merge.into);
  invariant(from && into, 'a merge joins two open grants');
  const merged = {
    ...into,
    remaining: into.remaining + from.remaining,
    held: into.held + from.held,
  };
  return [...grants.filter((grant) => grant !== from && grant !== into), merged];
}

function holdsAfter(holds: readonly Hold[], entry: Entry): readonly Hold[] {
  const { hold } = entry;
  let next = holds;
  if (hold?.action === 'placed') {
    const slices = entry.draws.map((draw) => ({ grantId: draw.grantId, amount: draw.held }));
    next = [...holds, { id: hold.id, expiresAt: hold.expiresAt, slices }];
  } else if (hold) {
    next = holds.filter((open) => open.id !== hold.id);
    invariant(next.length === holds.length - 1, 'only an open hold can end');
  }
  if (entry.merged.length === 0) return next;
  return next.map((open) => ({ ...open, slices: entry.merged.reduce(renameSlices, open.slices) }));
}

/** The joined slice takes the first one's place: equal terms are neighbours in burn order, so the order stays. */
function renameSlices(slices: Hold['slices'], merge: Merge): Hold['slices'] {
  const joined = new Map<string, number>();
  for (const slice of slices) {
    const grantId = slice.grantId === merge.from ? merge.into : slice.grantId;
    joined.set(grantId, (joined.get(grantId) ?? 0) + slice.amount);
  }
  return [...joined].map(([grantId, amount]) => ({ grantId, amount }));
}
