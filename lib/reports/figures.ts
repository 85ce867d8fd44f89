import type { EntryType } from '#lib/ledger/entry';
import {
  type CreditRollup,
  mergeBy,
  type Movement,
  type Rollup,
  type Sale,
  sumOf,
} from '#lib/reports/rollup';

/** A period's credits in the words of whoever runs the app; every type of entry is in exactly one of them. */
export interface CreditFigures {
  readonly sold: number;
  readonly granted: number;
  readonly spent: number;
  readonly refunded: number;
  readonly expired: number;
  readonly reversed: number;
  readonly reinstated: number;
  readonly adjusted: number;
  /** Between users: what came in, which is what went out. */
  readonly transferred: number;
}

export function creditFigures(rows: readonly CreditRollup[]): CreditFigures {
  const movements = rows.flatMap((row) => row.movements);
  const sum = (types: readonly EntryType[], amountOf: (row: Movement) => number): number =>
    sumOf(
      movements.filter(({ type }) => types.includes(type)),
      amountOf,
    );
  const into = (...types: readonly EntryType[]): number => sum(types, (row) => row.creditsIn);
  const out = (...types: readonly EntryType[]): number => sum(types, (row) => row.creditsOut);
  return {
    sold: into('purchase'),
    granted: into('bonus', 'promo', 'subscription'),
    spent: out('usage'),
    refunded: into('refund'),
    expired: out('expiry'),
    reversed: out('reversal'),
    reinstated: into('reinstatement'),
    adjusted: into('adjustment') - out('adjustment'),
    transferred: into('transfer_in'),
  };
}

/** Money of one currency in minor units. */
export interface Revenue {
  readonly currency: string;
  readonly purchases: number;
  readonly gross: number;
  readonly refunds: number;
  readonly disputes: number;
  readonly net: number;
}

export function revenueOf(sales: readonly Sale[]): readonly Revenue[] {
  return mergeBy(
    sales,
    ({ currency }) => currency,
    (rows, currency) => {
      const gross = sumOf(rows, ({ paidMinor }) => paidMinor);
      const refunds = sumOf(rows, ({ refundedMinor }) => refundedMinor);
      const disputes = sumOf(rows, ({ disputedMinor }) => disputedMinor);
      const purchases = sumOf(rows, (row) => row.purchases);
      return { currency, purchases, gross, refunds, disputes, net: gross - refunds - disputes };
    },
  );
}

export interface PackageFigures {
  readonly packageId: string | null;
  readonly packageName: string;
  readonly creditType: string;
  readonly purchases: number;
  readonly credits: number;
  readonly revenue: readonly Revenue[];
}

/** What was bought, most often first. */
export function popularPackages(sales: readonly Sale[]): readonly PackageFigures[] {
  return mergeBy(
    sales,
    ({ creditType, packageId }) => `${creditType} ${packageId ?? ''}`,
    (rows) => ({
      packageId: rows[0].packageId,
      packageName: (rows.at(-1) ?? rows[0]).packageName,
      creditType: rows[0].creditType,
      purchases: sumOf(rows, ({ purchases }) => purchases),
      credits: sumOf(rows, ({ credits }) => credits),
      revenue: revenueOf(rows),
    }),
  )
    .filter(({ purchases }) => purchases > 0)
    .toSorted((a, b) => b.purchases - a.purchases);
}

/** A share of a whole, to four decimals; null where there is nothing to divide by. */
export function rateOf(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000;
}

/** Only what concerns one credit type. */
export function ofCreditType(rollup: Rollup, creditType: string): Rollup {
  const creditTypes = rollup.creditTypes.filter((row) => row.creditType === creditType);
  return {
    period: rollup.period,
    creditTypes,
    sales: rollup.sales.filter((row) => row.creditType === creditType),
    activeUsers: creditTypes[0]?.activeUsers ?? 0,
  };
}
