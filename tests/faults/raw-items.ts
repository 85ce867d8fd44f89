import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { DumpedItem } from '#infra/local/dynamodb/dump';

/*
 * The table as it lies there, for proofs that share no code with what they judge: the names are those of the stored
 * attributes, and nothing of `lib` is used to read them.
 */

const count = z.number();
const text = z.string();
const totals = z.record(text, count);

export const rawHead = z.looseObject({
  pk: text,
  sk: text,
  version: count,
  balance: count,
  debt: count.default(0),
  grants: z.array(
    z.looseObject({
      id: text,
      remaining: count,
      held: count.default(0),
      expires_at: text.optional(),
    }),
  ),
  holds: z
    .array(
      z.looseObject({
        id: text,
        slices: z.array(z.looseObject({ grant_id: text, amount: count })),
      }),
    )
    .default([]),
  totals,
  head_hash: text,
});
export type RawHead = z.output<typeof rawHead>;

export const rawEntry = z.looseObject({
  pk: text,
  sk: text,
  credit_type: text,
  seq: count,
  type: text,
  amount: count,
  balance_before: count,
  draws: z.array(
    z.looseObject({
      grant_id: text,
      amount: count,
      held: count.default(0),
      expires_at: text.optional(),
    }),
  ),
  reference: z.looseObject({ type: text, id: text }).optional(),
  cause: text,
  actor: text,
  created_at: text,
  totals,
  debt: count.default(0),
  debt_change: count.default(0),
  forgiven: count.default(0),
  hold: z.looseObject({ id: text, action: text }).optional(),
  merged: z.array(z.looseObject({ from: text, into: text })).default([]),
  prev_hash: text.default(''),
  hash: text,
});
export type RawEntry = z.output<typeof rawEntry>;

export const rawPurchase = z.looseObject({
  pk: text,
  id: text,
  user_id: text,
  credit_type: text,
  credits: count,
  amount_minor: count,
  currency: text,
  created_at: text,
  payments: z.array(z.looseObject({ ref: text, amount_minor: count })),
  refunds: z.array(
    z.looseObject({
      id: text,
      payment_ref: text,
      amount_minor: count,
      state: text,
    }),
  ),
  refund_totals: z.array(z.looseObject({ payment_ref: text, amount_minor: count })),
  disputes: z.array(
    z.looseObject({
      id: text,
      payment_ref: text,
      amount_minor: count,
      state: text,
    }),
  ),
  credited: z.looseObject({ credits: count, entry_id: text }).nullish(),
  corrections: z.array(z.looseObject({ kind: text, credits: count, entry_id: text })),
});
export type RawPurchase = z.output<typeof rawPurchase>;

export const rawMoney = z.looseObject({
  pk: text,
  credits: count,
  paid_minor: count,
  refunded_minor: count,
  disputed_minor: count,
});

export const rawHold = z.looseObject({
  pk: text,
  id: text,
  credit_type: text,
  amount: count,
  entry_id: text,
  end: z.looseObject({ state: text, captured: count, entry_id: text }).nullish(),
});

export const rawPromo = z.looseObject({
  pk: text,
  uses: count,
  max_uses: count.nullish(),
});

export const rawRedemption = z.looseObject({
  pk: text,
  sk: text,
  user_id: text,
  number: count,
  credits: count,
  entry_id: text,
});

export const rawApplication = z.looseObject({
  pk: text,
  sk: text,
  user_id: text,
  credits: count,
  entry_id: text,
  closed: z.looseObject({ refunded: count, refund_entry_id: text.nullish() }).nullish(),
});

export const rawRefunded = z.looseObject({ pk: text, sk: text, amount: count });

export const rawAudit = z.looseObject({
  pk: text,
  actor: text,
  action: text,
  user_id: text.nullish(),
  outcome: text,
  after: text.nullish(),
});

export interface RawTable {
  readonly heads: readonly RawHead[];
  readonly entries: readonly RawEntry[];
  readonly purchases: readonly RawPurchase[];
  readonly money: readonly z.output<typeof rawMoney>[];
  readonly holds: readonly z.output<typeof rawHold>[];
  readonly promos: readonly z.output<typeof rawPromo>[];
  readonly redemptions: readonly z.output<typeof rawRedemption>[];
  readonly applications: readonly z.output<typeof rawApplication>[];
  readonly refunded: readonly z.output<typeof rawRefunded>[];
  readonly audits: readonly z.output<typeof rawAudit>[];
  /** Purchases by the provider's name of their payment, session or order. */
  readonly references: readonly {
    readonly pk: string;
    readonly purchase_id: string;
  }[];
}

const rawReference = z.looseObject({ pk: text, purchase_id: text });

export function readTable(items: readonly DumpedItem[]): RawTable {
  const plain = items.map((item) => ({
    place: `${item['pk']?.S ?? ''} ${item['sk']?.S ?? ''}`,
    value: unmarshall(item),
  }));
  const at = <S extends z.ZodType>(place: RegExp, schema: S): readonly z.output<S>[] =>
    plain.filter((item) => place.test(item.place)).map(({ value }) => schema.parse(value));
  return {
    heads: at(/^USER#\S+ WALLET#/, rawHead),
    entries: at(/^USER#\S+ ENTRY#/, rawEntry),
    purchases: at(/^PURCHASE#\S+ PURCHASE$/, rawPurchase),
    money: at(/^PURCHASE#\S+ MONEY#/, rawMoney),
    holds: at(/^USER#\S+ HOLD#/, rawHold),
    promos: at(/^PROMO#\S+ PROMO$/, rawPromo),
    redemptions: at(/^PROMO#\S+ REDEMPTION#/, rawRedemption),
    applications: at(/^PROJECT#\S+ APPLICATION#/, rawApplication),
    refunded: at(/^USER#\S+ REFUNDED#/, rawRefunded),
    audits: at(/^AUDIT#\S+ /, rawAudit),
    references: at(/^PAYMENT#\S+ PAYMENT$/, rawReference),
  };
}
