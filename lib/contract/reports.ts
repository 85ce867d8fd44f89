import * as z from 'zod';
import { creditChange, creditCount, currency } from '#lib/contract/amounts';
import { creditType } from '#lib/contract/credit-types';
import { periodEnd, periodStart, timestamp } from '#lib/contract/fields';
import { keyPart, userId } from '#lib/contract/ids';
import { listQuery } from '#lib/contract/queries';
import { grantCategory, pagination, transaction, transactionType } from '#lib/contract/wire';

const count = z.int().min(0);
const minorSum = z.int().meta({ description: 'In the currency’s minor unit.' });
const rate = z
  .number()
  .nullable()
  .meta({ description: 'A share, to four decimals; null where there is nothing to divide by.' });

export const periodQuery = {
  from: periodStart.optional(),
  to: periodEnd.optional(),
  credit_type: creditType.optional(),
};

export const transactionsQuery = z.strictObject({
  user_id: userId.optional(),
  type: transactionType.optional(),
  credit_type: creditType.optional(),
  from: periodStart.optional(),
  to: periodEnd.optional(),
  // A payment provider acts by itself, everybody else as somebody.
  actor: z
    .string()
    .regex(
      /^(stripe|razorpay|(admin|user|service|system):[A-Za-z0-9_-]{1,64})$/,
      'must be a provider, or a kind and an id, such as "admin:ada"',
    )
    .optional(),
  limit: listQuery.shape.limit,
  cursor: listQuery.shape.cursor,
});

export const transactionList = z
  .strictObject({
    transactions: z.array(transaction),
    pagination: pagination.meta({
      description:
        'A page looks at a bounded number of transactions, so that one with rare filters may be short, or empty, and still have a next_cursor. The list ends where next_cursor is null.',
    }),
  })
  .meta({ id: 'TransactionList' });

const creditFigures = {
  sold: creditCount.meta({ description: 'Credits of purchases.' }),
  granted: creditCount.meta({ description: 'Bonuses, promotions and plans.' }),
  spent: creditCount,
  refunded: creditCount.meta({ description: 'Spends given back.' }),
  expired: creditCount,
  reversed: creditCount.meta({ description: 'Taken back after refunds and disputes of payments.' }),
  reinstated: creditCount,
  adjusted: creditChange.meta({ description: 'Corrections by hand, with a sign.' }),
  transferred: creditCount,
  active_users: count.nullable().meta({
    description: 'Distinct users who did something; null where they are too many to count.',
  }),
};

const outstandingFigures = {
  outstanding: creditCount.meta({ description: 'Credits in wallets at the end of the period.' }),
  outstanding_by_category: z.array(
    z.strictObject({ category: grantCategory, credits: creditCount }),
  ),
  held: creditCount,
  debt: creditCount.meta({
    description: 'Owed by wallets after reversals; not part of outstanding.',
  }),
};

const revenue = z
  .strictObject({
    currency,
    purchases: count,
    gross: minorSum,
    refunds: minorSum,
    disputes: minorSum.meta({ description: 'Held or lost; below zero where won ones came back.' }),
    net: minorSum.meta({ description: 'Gross less refunds and disputes.' }),
    refund_rate: rate,
  })
  .meta({ id: 'Revenue' });

export const analytics = z
  .strictObject({
    from: timestamp,
    to: timestamp.meta({ description: 'Never later than the request.' }),
    credit_type: creditType.nullable(),
    totals: z.strictObject({ ...creditFigures, ...outstandingFigures, refund_rate: rate }),
    revenue: z.array(revenue),
    by_credit_type: z.array(
      z.strictObject({ credit_type: creditType, ...creditFigures, ...outstandingFigures }),
    ),
    by_day: z.array(
      z.strictObject({ date: z.iso.date(), ...creditFigures, revenue: z.array(revenue) }),
    ),
    popular_packages: z
      .array(
        z.strictObject({
          package_id: keyPart.nullable().meta({ description: 'Null for credits of free choice.' }),
          name: z.string(),
          credit_type: creditType,
          purchases: count,
          credits: creditCount,
          revenue: z.array(revenue),
        }),
      )
      .meta({ description: 'By number of purchases, most first.' }),
  })
  .meta({ id: 'Analytics' });

const position = z.strictObject({
  balance: creditCount,
  held: creditCount,
  debt: creditCount,
  by_category: z.array(z.strictObject({ category: grantCategory, credits: creditCount })),
});

export const statement = z
  .strictObject({
    credit_type: creditType,
    opening: position,
    movements: z.array(
      z.strictObject({
        type: transactionType,
        category: grantCategory,
        credits_in: creditCount,
        credits_out: creditCount,
      }),
    ),
    transactions: z.array(z.strictObject({ type: transactionType, count })),
    debt: z.strictObject({ incurred: creditCount, paid: creditCount, forgiven: creditChange }),
    closing: position,
    difference: creditChange.meta({
      description:
        'Closing less opening less movements: 0. Opening and closing come from the wallets’ balances, the movements from what was drawn of grants.',
    }),
  })
  .meta({ id: 'Statement' });

export const report = z
  .strictObject({
    from: timestamp,
    to: timestamp.meta({ description: 'Never later than the request.' }),
    statements: z.array(statement),
    revenue: z.array(revenue),
  })
  .meta({ id: 'Report' });

export const REPORT_FORMATS = ['json', 'csv'] as const;
