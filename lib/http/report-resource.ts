import { CREDIT_TYPES, type CreditType } from '#lib/contract/credit-types';
import { MINOR_UNIT_DIGITS, type Currency } from '#lib/contract/amounts';
import type * as wire from '#lib/contract/reports';
import type { Wire } from '#lib/http/endpoint';
import { type Cell, csvText } from '#lib/http/csv';
import { toCreditType } from '#lib/http/wallet-resource';
import { invariant } from '#lib/invariant';
import {
  creditFigures,
  ofCreditType,
  popularPackages,
  rateOf,
  type Revenue,
  revenueOf,
} from '#lib/reports/figures';
import { differenceOf, type PeriodReport } from '#lib/reports/read-period';
import { mergeBy, type Outstanding, type Rollup, sumOf } from '#lib/reports/rollup';

/** A period as the API shows it (DESIGN 5): figures, or the statement of an accountant. */

export function toAnalytics(
  report: PeriodReport,
  creditType: CreditType | undefined,
): Wire<typeof wire.analytics> {
  const narrowed = creditType === undefined ? report : narrow(report, creditType);
  const { total, closing, days, usersCounted } = narrowed;
  const usersOf = (rollup: { readonly activeUsers: number }): number | null =>
    usersCounted ? rollup.activeUsers : null;
  const figures = creditFigures(total.creditTypes);
  return {
    from: report.from,
    to: report.to,
    credit_type: creditType ?? null,
    totals: {
      ...figures,
      active_users: usersOf(total),
      ...toOutstanding(closing),
      refund_rate: rateOf(figures.refunded, figures.spent),
    },
    revenue: revenueOf(total.sales).map(toRevenue),
    by_credit_type: creditTypesOf(narrowed).map((each) => {
      const own = ofCreditType(total, each);
      return {
        credit_type: each,
        ...creditFigures(own.creditTypes),
        active_users: usersOf(own),
        ...toOutstanding(closing.filter((row) => row.creditType === each)),
      };
    }),
    by_day: days.map((day) => ({
      date: day.period,
      ...creditFigures(day.creditTypes),
      active_users: day.activeUsers,
      revenue: revenueOf(day.sales).map(toRevenue),
    })),
    popular_packages: popularPackages(total.sales).map((row) => ({
      package_id: row.packageId,
      name: row.packageName,
      credit_type: toCreditType(row.creditType),
      purchases: row.purchases,
      credits: row.credits,
      revenue: row.revenue.map(toRevenue),
    })),
  };
}

export function toReport(
  report: PeriodReport,
  creditType: CreditType | undefined,
): Wire<typeof wire.report> {
  const narrowed = creditType === undefined ? report : narrow(report, creditType);
  return {
    from: report.from,
    to: report.to,
    statements: creditTypesOf(narrowed).map((each) => toStatement(narrowed, each)),
    revenue: revenueOf(narrowed.total.sales).map(toRevenue),
  };
}

/** The statements as lines of a sheet: opening and movements add up to closing, per credit type and category. */
export function toReportCsv(report: Wire<typeof wire.report>): string {
  const lines = report.statements.flatMap((statement): readonly (readonly Cell[])[] => {
    const line = (...cells: readonly Cell[]): readonly Cell[] => [
      report.from,
      report.to,
      statement.credit_type,
      ...cells,
    ];
    const { opening, closing, debt } = statement;
    return [
      ...opening.by_category.map((row) => line('opening', row.category, null, null, row.credits)),
      line('opening', 'total', null, null, opening.balance),
      ...statement.movements.map((row) =>
        line(
          row.type,
          row.category,
          row.credits_in,
          row.credits_out,
          row.credits_in - row.credits_out,
        ),
      ),
      ...closing.by_category.map((row) => line('closing', row.category, null, null, row.credits)),
      line('closing', 'total', null, null, closing.balance),
      line('difference', 'total', null, null, statement.difference),
      line('debt', 'opening', null, null, opening.debt),
      line('debt', 'incurred', null, null, debt.incurred),
      line('debt', 'paid', null, null, -debt.paid),
      line('debt', 'closing', null, null, closing.debt),
    ];
  });
  return csvText(REPORT_COLUMNS, lines);
}

const REPORT_COLUMNS = [
  'from',
  'to',
  'credit_type',
  'line',
  'category',
  'credits_in',
  'credits_out',
  'credits',
];

function toStatement(report: PeriodReport, creditType: CreditType): Wire<typeof wire.statement> {
  const rows = report.total.creditTypes.filter((row) => row.creditType === creditType);
  const at = (all: readonly Outstanding[]) => {
    const { outstanding, outstanding_by_category, held, debt } = toOutstanding(
      all.filter((row) => row.creditType === creditType),
    );
    return { balance: outstanding, held, debt, by_category: outstanding_by_category };
  };
  return {
    credit_type: creditType,
    opening: at(report.opening),
    movements: rows.flatMap(({ movements }) =>
      movements.map(({ type, category, creditsIn, creditsOut }) => ({
        type,
        category,
        credits_in: creditsIn,
        credits_out: creditsOut,
      })),
    ),
    transactions: rows.flatMap(({ counts }) =>
      counts.map(({ type, entries }) => ({ type, count: entries })),
    ),
    debt: {
      incurred: sumOf(rows, ({ debtIncurred }) => debtIncurred),
      paid: sumOf(rows, ({ debtPaid }) => debtPaid),
      forgiven: sumOf(rows, ({ forgiven }) => forgiven),
    },
    closing: at(report.closing),
    difference: differenceOf(report, creditType),
  };
}

/** Credit types that have anything to say, in the order of the configuration. */
function creditTypesOf({ total, closing }: PeriodReport): readonly CreditType[] {
  const rows = [...total.creditTypes, ...closing, ...total.sales];
  const named = new Set(rows.map(({ creditType }) => toCreditType(creditType)));
  return CREDIT_TYPES.filter((creditType) => named.has(creditType));
}

function narrow(report: PeriodReport, creditType: CreditType): PeriodReport {
  const own = (row: Outstanding): boolean => row.creditType === creditType;
  return {
    ...report,
    total: ofCreditType(report.total, creditType),
    days: report.days
      .map((day) => ofCreditType(day, creditType))
      .filter((day: Rollup) => day.creditTypes.length + day.sales.length > 0),
    opening: report.opening.filter(own),
    closing: report.closing.filter(own),
  };
}

function toOutstanding(rows: readonly Outstanding[]) {
  return {
    outstanding: sumOf(rows, ({ balance }) => balance),
    outstanding_by_category: mergeBy(
      rows.flatMap(({ categories }) => categories),
      ({ category }) => category,
      (parts) => ({
        category: parts[0].category,
        credits: sumOf(parts, ({ credits }) => credits),
      }),
    ),
    held: sumOf(rows, ({ held }) => held),
    debt: sumOf(rows, ({ debt }) => debt),
  };
}

function toRevenue(revenue: Revenue) {
  const { currency, gross, refunds } = revenue;
  invariant(isCurrency(currency), 'purchases are in currencies that we price in');
  return { ...revenue, currency, refund_rate: rateOf(refunds, gross) };
}

function isCurrency(code: string): code is Currency {
  return Object.hasOwn(MINOR_UNIT_DIGITS, code);
}
