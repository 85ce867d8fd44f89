import * as z from 'zod';
import { invariant } from '#lib/invariant';
import { ENTRY_TYPES } from '#lib/ledger/entry';
import { CATEGORIES } from '#lib/ledger/wallet';

/*
 * Totals of all entries and money movements of an hour, a day or a month (DESIGN 2). They hold nothing that does not
 * follow from what they sum up, in an order of their own: rebuilt from nothing they are the same value.
 */

const whole = z.int();
const count = z.int().min(0);

/** What entries of one type did to the grants of one category, in credits. */
const movement = z.object({
  type: z.enum(ENTRY_TYPES),
  category: z.enum(CATEGORIES),
  creditsIn: count,
  creditsOut: count,
});
export type Movement = z.infer<typeof movement>;

const creditRollup = z.object({
  creditType: z.string(),
  counts: z.array(z.object({ type: z.enum(ENTRY_TYPES), entries: count })),
  movements: z.array(movement),
  /**
   * What the wallets' own balances say happened: of each wallet the balance after its last entry less the balance
   * before its first. The movements must come to the same, and would not if an entry between them were missing.
   */
  balanceChange: whole,
  heldChange: whole,
  debtIncurred: count,
  debtPaid: count,
  /** Credits of reversals that nobody owes; below zero where reinstatements undid more than was forgiven. */
  forgiven: whole,
  /** Distinct users who did something. */
  activeUsers: count,
});
export type CreditRollup = z.infer<typeof creditRollup>;

/** What purchases of one package, or of free choice, brought in and gave back. Money in minor units. */
const sale = z.object({
  creditType: z.string(),
  packageId: z.string().nullable(),
  packageName: z.string(),
  currency: z.string(),
  purchases: count,
  credits: count,
  paidMinor: whole,
  refundedMinor: whole,
  disputedMinor: whole,
});
export type Sale = z.infer<typeof sale>;

/** What wallets of a credit type hold and owe, all of them together, at one instant. */
const outstanding = z.object({
  creditType: z.string(),
  balance: whole,
  held: whole,
  debt: whole,
  categories: z.array(z.object({ category: z.enum(CATEGORIES), credits: whole })),
});
export type Outstanding = z.infer<typeof outstanding>;

export const rollupSchema = z.object({
  /** An hour `2026-11-20T13`, a day `2026-11-20` or a month `2026-11`, in UTC. */
  period: z.string(),
  creditTypes: z.array(creditRollup),
  sales: z.array(sale),
  activeUsers: count,
  /** At the end of the period; only days have it, because only a closed day is final. */
  closing: z.array(outstanding).optional(),
});
export type Rollup = z.infer<typeof rollupSchema>;

/** Some of the users who were active in a period, as sorted digests in one text (`active-users.ts`). */
export const rollupUsersSchema = z.object({ digests: z.string() });
export type RollupUsers = z.infer<typeof rollupUsersSchema>;

/** How far the rollups are. All instants are ISO 8601 UTC, and excluded. */
export const rollupProgressSchema = z.object({
  /** The day before which there is no entry. */
  startedOn: z.string(),
  /** Every hour before it has been rolled up. */
  rolledTo: z.string(),
  /** Every hour before it has been rolled up again when nothing could come late any more. */
  checkedTo: z.string(),
  /** Every day before it is closed. */
  closedTo: z.string(),
});
export type RollupProgress = z.infer<typeof rollupProgressSchema>;

/** Sums of several periods. Active users are no sum: whoever merges says how many they are together. */
export function mergeRollups(
  period: string,
  parts: readonly Rollup[],
  activeUsers: (creditType: string | null) => number,
): Rollup {
  const creditTypes = mergeBy(
    parts.flatMap((part) => part.creditTypes),
    ({ creditType }) => creditType,
    (rows, creditType) => ({
      ...mergeCredits(rows),
      creditType,
      activeUsers: activeUsers(creditType),
    }),
  );
  const sales = mergeSales(parts.flatMap((part) => part.sales));
  return { period, creditTypes, sales, activeUsers: activeUsers(null) };
}

function mergeCredits(
  rows: readonly CreditRollup[],
): Omit<CreditRollup, 'creditType' | 'activeUsers'> {
  return {
    counts: mergeBy(
      rows.flatMap(({ counts }) => counts),
      ({ type }) => type,
      ([first, ...others]) => ({
        type: first.type,
        entries: sumOf([first, ...others], ({ entries }) => entries),
      }),
    ),
    movements: mergeMovements(rows.flatMap(({ movements }) => movements)),
    balanceChange: sumOf(rows, (row) => row.balanceChange),
    heldChange: sumOf(rows, (row) => row.heldChange),
    debtIncurred: sumOf(rows, (row) => row.debtIncurred),
    debtPaid: sumOf(rows, (row) => row.debtPaid),
    forgiven: sumOf(rows, (row) => row.forgiven),
  };
}

export function mergeMovements(movements: readonly Movement[]): Movement[] {
  return mergeBy(
    movements,
    ({ type, category }) => `${type} ${category}`,
    (rows) => ({
      type: rows[0].type,
      category: rows[0].category,
      creditsIn: sumOf(rows, (row) => row.creditsIn),
      creditsOut: sumOf(rows, (row) => row.creditsOut),
    }),
  );
}

/** Purchases of one package at several names are one row under the latest of them. */
export function mergeSales(sales: readonly Sale[]): Sale[] {
  return mergeBy(
    sales,
    (row) => `${row.creditType} ${row.packageId ?? ''} ${row.currency}`,
    (rows) => ({
      ...rows[0],
      packageName: (rows.at(-1) ?? rows[0]).packageName,
      purchases: sumOf(rows, (row) => row.purchases),
      credits: sumOf(rows, (row) => row.credits),
      paidMinor: sumOf(rows, (row) => row.paidMinor),
      refundedMinor: sumOf(rows, (row) => row.refundedMinor),
      disputedMinor: sumOf(rows, (row) => row.disputedMinor),
    }),
  );
}

/** What is outstanding after a period, from what was before it. */
export function addToOutstanding(
  before: readonly Outstanding[],
  rollups: readonly Rollup[],
): Outstanding[] {
  const changes = rollups.flatMap(({ creditTypes }) => creditTypes).map(changeOf);
  return mergeBy(
    [...before, ...changes],
    ({ creditType }) => creditType,
    (rows, creditType) => ({
      creditType,
      balance: sumOf(rows, (row) => row.balance),
      held: sumOf(rows, (row) => row.held),
      debt: sumOf(rows, (row) => row.debt),
      categories: mergeBy(
        rows.flatMap((row) => row.categories),
        ({ category }) => category,
        (parts) => ({
          category: parts[0].category,
          credits: sumOf(parts, ({ credits }) => credits),
        }),
      ),
    }),
  );
}

function changeOf(row: CreditRollup): Outstanding {
  return {
    creditType: row.creditType,
    balance: row.balanceChange,
    held: row.heldChange,
    debt: row.debtIncurred - row.debtPaid,
    categories: row.movements.map(({ category, creditsIn, creditsOut }) => ({
      category,
      credits: creditsIn - creditsOut,
    })),
  };
}

/** Sums that pass what a number holds exactly crash the run rather than be nearly right. */
export function sumOf<T>(rows: readonly T[], amountOf: (row: T) => number): number {
  const sum = rows.reduce((total, row) => total + amountOf(row), 0);
  invariant(Number.isSafeInteger(sum), 'sums are exact');
  return sum;
}

/** One row per name, sorted by it. */
export function mergeBy<T, R>(
  rows: readonly T[],
  nameOf: (row: T) => string,
  merge: (rows: readonly [T, ...T[]], name: string) => R,
): R[] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const row of rows) {
    const name = nameOf(row);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, group]) => merge(group, name));
}
