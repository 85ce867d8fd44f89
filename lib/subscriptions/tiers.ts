import * as z from 'zod';
import { CREDITS_MAX, currency, minorUnits } from '#lib/contract/amounts';
import { creditType } from '#lib/contract/credit-types';
import { keyPart, providerId } from '#lib/contract/ids';
import { QUOTA_PERIODS, TIERS } from '#lib/contract/subscriptions';
import { invariant } from '#lib/invariant';

export type Tier = (typeof TIERS)[number];

export type QuotaPeriod = (typeof QUOTA_PERIODS)[number];

const ROWS_MAX = 50;
const LIMIT_MAX = 1_000_000_000;
const months = z.int().min(1).max(12);

/** What becomes of plan credits that a period leaves unspent, when the next one is paid. */
const rollover = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  /** At most so many credits of each type are carried over, for so many months. */
  z.strictObject({
    kind: z.literal('capped'),
    credits: z.int().min(1).max(CREDITS_MAX),
    months,
  }),
  z.strictObject({ kind: z.literal('all'), months }),
]);
export type Rollover = z.infer<typeof rollover>;

const quota = z.strictObject({
  period: z.enum(QUOTA_PERIODS),
  /** Uses in a period; null for no limit. */
  limit: z.int().min(0).max(LIMIT_MAX).nullable(),
  /** Whether more than that can be had, at the feature's `overage_cost`. */
  overage: z.boolean(),
});
export type Quota = z.infer<typeof quota>;

const feature = z
  .strictObject({
    feature: keyPart,
    /** Which wallet pays for it. */
    credit_type: creditType,
    /** Credits of one use within the quotas; 0 where they include it. */
    cost: z.int().min(0).max(1_000_000),
    /** Credits of one use beyond a quota that allows it; null where none does. */
    overage_cost: z.int().min(1).max(1_000_000).nullable(),
    /** The tightest counts. */
    quotas: z
      .array(quota)
      .max(QUOTA_PERIODS.length)
      .refine((rows) => isEachOnce(rows, (row) => row.period), 'has each period once'),
  })
  .refine(
    (row) => row.overage_cost !== null || row.quotas.every((each) => !each.overage),
    'names an overage_cost where a quota allows overage',
  );
export type Feature = z.infer<typeof feature>;

const tier = z.strictObject({
  tier: z.enum(TIERS),
  /** What Stripe bills it by, one price for each currency; `amount` (minor units) is what we show. */
  prices: z
    .array(z.strictObject({ currency, price_id: providerId, amount: minorUnits }))
    .max(ROWS_MAX)
    .refine((rows) => isEachOnce(rows, (row) => row.currency), 'has each currency once'),
  /** Credits of each period, which expire at its end. */
  monthly_credits: z
    .array(z.strictObject({ credit_type: creditType, credits: z.int().min(1).max(CREDITS_MAX) }))
    .refine((rows) => isEachOnce(rows, (row) => row.credit_type), 'has each credit type once'),
  rollover,
  features: z
    .array(feature)
    .max(ROWS_MAX)
    .refine((rows) => isEachOnce(rows, (row) => row.feature), 'has each feature once'),
});
export type TierPlan = z.infer<typeof tier>;

/** The setting `tiers`: what each tier costs, gives and allows. */
export const tiersSchema = z
  .array(tier)
  .refine(
    (rows) =>
      rows
        .flatMap((row) => row.features)
        .every((a, _, all) => all.every((b) => a.feature !== b.feature || isSameWallet(a, b))),
    'has the same credit_type for a feature in every tier',
  )
  .refine(
    (rows) => TIERS.every((name) => rows.filter((row) => row.tier === name).length === 1),
    `has each of ${TIERS.join(', ')} once`,
  )
  .refine(
    (rows) => rows.every((row) => row.tier !== 'FREE' || row.prices.length === 0),
    'has no price for FREE',
  )
  .refine(
    (rows) =>
      isEachOnce(
        rows.flatMap((row) => row.prices),
        (price) => price.price_id,
      ),
    'has each price_id once',
  );
export type Tiers = z.infer<typeof tiersSchema>;

/** A feature of the default tiers: one credit of its own type a use. */
function defaultFeature(name: Feature['credit_type'], quotas: readonly Quota[]): Feature {
  const hasOverage = quotas.some((each) => each.overage);
  return {
    feature: name,
    credit_type: name,
    cost: 1,
    overage_cost: hasOverage ? 2 : null,
    quotas: [...quotas],
  };
}

const DEFAULT_FEATURES = ['enrichment', 'calling', 'scraping'] as const;

/**
 * What holds while nobody has set other tiers. FREE gives no monthly credits, because a new user has the signup bonus;
 * the price ids are the local Stripe's, and a deployment names its own.
 */
export const DEFAULT_TIERS: Tiers = [
  {
    tier: 'FREE',
    prices: [],
    monthly_credits: [],
    rollover: { kind: 'none' },
    features: DEFAULT_FEATURES.map((name) =>
      defaultFeature(name, [
        { period: 'day', limit: 10, overage: false },
        { period: 'month', limit: 100, overage: false },
      ]),
    ),
  },
  {
    tier: 'PRO',
    prices: [
      { currency: 'USD', price_id: 'price_pro_usd', amount: 2_900 },
      { currency: 'INR', price_id: 'price_pro_inr', amount: 199_900 },
    ],
    monthly_credits: [{ credit_type: 'general', credits: 500 }],
    rollover: { kind: 'capped', credits: 250, months: 1 },
    features: DEFAULT_FEATURES.map((name) =>
      defaultFeature(name, [
        { period: 'hour', limit: 500, overage: false },
        { period: 'month', limit: 5_000, overage: true },
      ]),
    ),
  },
  {
    tier: 'PREMIUM',
    prices: [
      { currency: 'USD', price_id: 'price_premium_usd', amount: 9_900 },
      { currency: 'INR', price_id: 'price_premium_inr', amount: 699_900 },
    ],
    monthly_credits: [{ credit_type: 'general', credits: 2_000 }],
    rollover: { kind: 'all', months: 1 },
    features: DEFAULT_FEATURES.map((name) =>
      defaultFeature(name, [{ period: 'month', limit: null, overage: false }]),
    ),
  },
];

/** What a tier costs, gives and allows. */
export function planOfTier(tiers: Tiers, name: Tier): TierPlan {
  const plan = tiers.find((row) => row.tier === name);
  invariant(plan, 'the setting tiers has every tier');
  return plan;
}

/** The tier that a provider's price stands for, or null where no tier names it. */
export function tierOfPrice(tiers: Tiers, priceId: string): Tier | null {
  const plan = tiers.find((row) => row.prices.some((price) => price.price_id === priceId));
  return plan?.tier ?? null;
}

/** The tier that is billed by a price in its own currency: a price may be agreed in others that no tier names. */
export function tierBilled(
  tiers: Tiers,
  billed: { readonly priceId: string | null; readonly currency: string },
): Tier | null {
  const { currency: code, priceId } = billed;
  const plan = tiers.find((row) =>
    row.prices.some((price) => price.price_id === priceId && price.currency === code),
  );
  return plan?.tier ?? null;
}

export function isTier(name: string): name is Tier {
  return TIERS.some((tier) => tier === name);
}

/** Below zero where `to` is less than `from`. */
export function compareTiers(from: Tier, to: Tier): number {
  return TIERS.indexOf(to) - TIERS.indexOf(from);
}

function isSameWallet(a: Feature, b: Feature): boolean {
  return a.credit_type === b.credit_type;
}

function isEachOnce<T>(rows: readonly T[], nameOf: (row: T) => string): boolean {
  return new Set(rows.map(nameOf)).size === rows.length;
}
