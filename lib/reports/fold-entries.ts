import type { Entry, EntryType } from '#lib/ledger/entry';
import type { MoneyMovement } from '#lib/purchases/money-movement';
import { type ActiveUsers, countUsers, digestOf } from '#lib/reports/active-users';
import {
  type CreditRollup,
  mergeBy,
  mergeMovements,
  mergeSales,
  type Movement,
  type Rollup,
  type Sale,
} from '#lib/reports/rollup';

export interface Folded {
  readonly rollup: Rollup;
  readonly users: ActiveUsers;
  /** Whether every wallet's entries follow one another without a gap: else the index has not caught up yet. */
  readonly isWhole: boolean;
}

/** Sums up entries as they are read, so that a busy hour need not be in memory at once. */
export interface Fold {
  readonly add: (entry: Entry) => void;
  readonly finish: (period: string, money: readonly MoneyMovement[]) => Folded;
}

/** What an app's users do themselves. Credits that come, go back or expire say nothing about who is there. */
const ACTIVITIES: ReadonlySet<EntryType> = new Set([
  'purchase',
  'usage',
  'promo',
  'transfer_out',
  'hold',
]);

/** Everything that reports say about entries is made here, from the entries alone (DESIGN 4, rollup). */
export function startFold(): Fold {
  const tallies = new Map<string, Tally>();
  const users = new Map<string, Set<string>>();
  return {
    add: (entry) => {
      const tally = tallies.get(entry.creditType) ?? newTally();
      tallies.set(entry.creditType, tally);
      addToTally(tally, entry);
      if (!ACTIVITIES.has(entry.type)) return;
      const active = users.get(entry.creditType) ?? new Set<string>();
      users.set(entry.creditType, active.add(digestOf(entry.userId)));
    },
    finish: (period, money) => ({
      rollup: {
        period,
        creditTypes: mergeBy(
          [...tallies],
          ([creditType]) => creditType,
          ([[creditType, tally]]) => ({
            creditType,
            ...finishTally(tally),
            activeUsers: countUsers(users, creditType),
          }),
        ),
        sales: mergeSales(money.map(saleOf)),
        activeUsers: countUsers(users, null),
      },
      users,
      isWhole: [...tallies.values()].every(({ wallets }) => [...wallets.values()].every(isWhole)),
    }),
  };
}

/** A wallet's first and last entry of the period, by number: times may be equal. */
interface Span {
  first: number;
  last: number;
  entries: number;
  before: number;
  after: number;
}

interface Tally {
  readonly counts: Map<EntryType, number>;
  readonly movements: Map<string, Movement>;
  readonly wallets: Map<string, Span>;
  held: number;
  debtIncurred: number;
  debtPaid: number;
  forgiven: number;
}

function newTally(): Tally {
  return {
    counts: new Map(),
    movements: new Map(),
    wallets: new Map(),
    held: 0,
    debtIncurred: 0,
    debtPaid: 0,
    forgiven: 0,
  };
}

function addToTally(tally: Tally, entry: Entry): void {
  tally.counts.set(entry.type, (tally.counts.get(entry.type) ?? 0) + 1);
  for (const { category, amount, held } of entry.draws) {
    tally.held += held;
    if (amount === 0) continue;
    const name = `${entry.type} ${category}`;
    const known = tally.movements.get(name);
    tally.movements.set(name, {
      type: entry.type,
      category,
      creditsIn: (known?.creditsIn ?? 0) + Math.max(0, amount),
      creditsOut: (known?.creditsOut ?? 0) + Math.max(0, -amount),
    });
  }
  tally.debtIncurred += Math.max(0, entry.debtChange);
  tally.debtPaid += Math.max(0, -entry.debtChange);
  tally.forgiven += entry.forgiven;
  addToSpan(tally.wallets, entry);
}

function addToSpan(wallets: Map<string, Span>, entry: Entry): void {
  const { seq, balanceBefore: before, balanceAfter: after } = entry;
  const span = wallets.get(entry.userId);
  if (!span) {
    wallets.set(entry.userId, { first: seq, last: seq, entries: 1, before, after });
    return;
  }
  span.entries += 1;
  if (seq < span.first) Object.assign(span, { first: seq, before });
  if (seq > span.last) Object.assign(span, { last: seq, after });
}

function isWhole(span: Span): boolean {
  return span.last - span.first + 1 === span.entries;
}

function finishTally(tally: Tally): Omit<CreditRollup, 'creditType' | 'activeUsers'> {
  const { counts, movements, wallets, held, debtIncurred, debtPaid, forgiven } = tally;
  let balanceChange = 0;
  for (const { before, after } of wallets.values()) balanceChange += after - before;
  return {
    counts: [...counts]
      .map(([type, entries]) => ({ type, entries }))
      .toSorted((a, b) => (a.type < b.type ? -1 : 1)),
    movements: mergeMovements([...movements.values()]),
    balanceChange,
    heldChange: held,
    debtIncurred,
    debtPaid,
    forgiven,
  };
}

function saleOf(movement: MoneyMovement): Sale {
  const { creditType, packageId, packageName, currency } = movement;
  const { purchases, credits, paidMinor, refundedMinor, disputedMinor } = movement;
  return {
    creditType,
    packageId,
    packageName,
    currency,
    purchases,
    credits,
    paidMinor,
    refundedMinor,
    disputedMinor,
  };
}
