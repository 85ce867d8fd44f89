import { ID_PREFIXES } from '#lib/id-prefixes';
import { invariant } from '#lib/invariant';
import { BALANCE_MAX, isWhole } from '#lib/ledger/limits';

/** Whose credits, and what they are for: the pair that names a wallet (DESIGN 2). */
export interface WalletRef {
  readonly userId: string;
  readonly creditType: string;
}

/** In burn order: free credits go before those of a plan, and those before bought ones (DESIGN 3.4). */
export const CATEGORIES = ['promotional', 'plan', 'paid'] as const;
export type Category = (typeof CATEGORIES)[number];

/** What decides when a grant burns. Times are ISO 8601 UTC with milliseconds, so that they compare as strings. */
export interface GrantTerms {
  readonly category: Category;
  /** Lower burns first; 0 to 100. */
  readonly priority: number;
  /** Null for credits that never expire. */
  readonly expiresAt: string | null;
  readonly grantedAt: string;
}

/** One inflow's credits that are still in the wallet. */
export interface Grant extends GrantTerms {
  readonly id: string;
  /** What is left, the held part included. */
  readonly remaining: number;
  /** The part of `remaining` that open holds have set aside. */
  readonly held: number;
}

export interface HoldSlice {
  readonly grantId: string;
  readonly amount: number;
}

/** Credits set aside. Its slices stay pinned to their grants until it ends, even past their expiry. */
export interface Hold {
  readonly id: string;
  readonly expiresAt: string;
  readonly slices: readonly HoldSlice[];
}

/** Running totals since the wallet's first entry, in credits; all but `adjusted` only ever grow. */
export interface Totals {
  readonly purchased: number;
  readonly granted: number;
  readonly used: number;
  readonly refunded: number;
  readonly expired: number;
  readonly reversed: number;
  readonly reinstated: number;
  readonly transferredIn: number;
  readonly transferredOut: number;
  /** Admin corrections: the only total with a sign. */
  readonly adjusted: number;
  /** How many `usage` entries there are: with `seq` it finds the page of a filtered history. */
  readonly usages: number;
}

/** Both in UTC: a local day has 23 or 25 hours twice a year, and a cap must not depend on where somebody lives. */
export type CapPeriod = 'hour' | 'day';

/** Credits that `usage` entries have taken in a period. */
export type Spent = Readonly<Record<CapPeriod, number>>;

/** A wallet's head: everything that a decision needs, in one item. `seq` is also its version. */
export interface Head extends WalletRef {
  readonly seq: number;
  readonly balance: number;
  /** Credits that a reversal could not take back; later inflows pay it first (DESIGN 3.6). */
  readonly debt: number;
  readonly grants: readonly Grant[];
  readonly holds: readonly Hold[];
  readonly totals: Totals;
  /** How many entries of each type there are. */
  readonly counts: Readonly<Record<string, number>>;
  /** Of the UTC hour and day of the newest entry: what spending caps are compared with. */
  readonly spent: Spent;
  /** The newest entries by the beginnings of their ids: whoever reads this head knows which causes it is made of. */
  readonly recent: readonly string[];
  /** Hash of the newest entry; empty before the first. */
  readonly headHash: string;
  /** When the newest entry was made; empty before the first. */
  readonly updatedAt: string;
}

export const NO_TOTALS: Totals = {
  purchased: 0,
  granted: 0,
  used: 0,
  refunded: 0,
  expired: 0,
  reversed: 0,
  reinstated: 0,
  transferredIn: 0,
  transferredOut: 0,
  adjusted: 0,
  usages: 0,
};

export const NOTHING_SPENT: Spent = { hour: 0, day: 0 };

/** The wallet before its first entry. */
export function emptyHead(wallet: WalletRef): Head {
  return {
    userId: wallet.userId,
    creditType: wallet.creditType,
    seq: 0,
    balance: 0,
    debt: 0,
    grants: [],
    holds: [],
    totals: NO_TOTALS,
    counts: {},
    spent: NOTHING_SPENT,
    recent: [],
    headHash: '',
    updatedAt: '',
  };
}

/**
 * The list serves one question: whether an entry has been committed while one batch of reads was under way (`mayBeDone`
 * of the ledger store). A wallet commits one transaction at a time, and fewer than eight in that moment. Were the entry
 * pushed out of it all the same, by the forty of a batch, its request would be refused once although it is done; sent
 * again, as its key allows, it finds the entry and is answered by it.
 */
const RECENT_MAX = 8;
/** 48 bits of the id's digest: an entry that is taken for another costs one more read and decides nothing. */
const RECENT_CHARACTERS = 12;

/** The list with one more entry, of which only the newest few are kept. */
export function withRecent(recent: Head['recent'], entryId: string): Head['recent'] {
  return [...recent, shortOf(entryId)].slice(-RECENT_MAX);
}

/** Whether an entry is among the newest of a wallet, as far as the beginning of its id tells. */
export function isRecent(head: Pick<Head, 'recent'>, entryId: string): boolean {
  return head.recent.includes(shortOf(entryId));
}

function shortOf(entryId: string): string {
  const start = ID_PREFIXES.transaction.length + '_'.length;
  return entryId.slice(start, start + RECENT_CHARACTERS);
}

export function heldOf(head: Head): number {
  return head.grants.reduce((sum, grant) => sum + grant.held, 0);
}

/** What can be spent: balance - held (DESIGN 3.7). Advance the head to now first. */
export function availableOf(head: Head): number {
  return head.balance - heldOf(head);
}

/**
 * Whether outflows are refused. A head counts its entries by type: frozen once more often than released is frozen, so
 * that the state is in the entries alone and a spend learns it from the head that it reads anyway.
 */
export function isFrozen(head: Head): boolean {
  return (head.counts['freeze'] ?? 0) > (head.counts['unfreeze'] ?? 0);
}

/** What the totals say the balance must be: every credit came in and went out by exactly one of them. */
export function balanceOfTotals(totals: Totals): number {
  const inflows =
    totals.purchased +
    totals.granted +
    totals.refunded +
    totals.reinstated +
    totals.transferredIn +
    totals.adjusted;
  return inflows - totals.used - totals.expired - totals.reversed - totals.transferredOut;
}

/** The soonest instant at which time alone changes this wallet, or null. */
export function nextDueAt(head: Head): string | null {
  const times = [
    ...head.grants.flatMap((grant) =>
      grant.expiresAt !== null && grant.remaining > grant.held ? [grant.expiresAt] : [],
    ),
    ...head.holds.map((hold) => hold.expiresAt),
  ];
  return times.toSorted()[0] ?? null;
}

/** Crashes the request before a head that breaks a promise of DESIGN 3 can be written. */
export function checkHead(head: Head): void {
  const remaining = head.grants.reduce((sum, grant) => sum + grant.remaining, 0);
  invariant(remaining === head.balance, 'grants sum to the balance');
  invariant(balanceOfTotals(head.totals) === head.balance, 'totals sum to the balance');
  invariant(0 <= head.balance && head.balance <= BALANCE_MAX, 'a balance stays within its bounds');
  invariant(isWhole(head.debt) && head.debt >= 0, 'debt is never negative');
  invariant(Object.values(head.totals).every(isWhole), 'totals are whole credits');
  const sliced = head.holds.flatMap((hold) => hold.slices);
  invariant(
    sliced.reduce((sum, slice) => sum + slice.amount, 0) === heldOf(head),
    'holds sum to the held credits',
  );
}
