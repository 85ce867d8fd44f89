import * as z from 'zod';
import { CREDITS_MAX, currency, MONEY_MAX } from '#lib/contract/amounts';
import { HOLD_SECONDS_MAX } from '#lib/contract/holds';
import { BALANCE_MAX } from '#lib/ledger/limits';
import { creditType } from '#lib/contract/credit-types';
import { DEFAULT_TIERS, tiersSchema } from '#lib/subscriptions/tiers';

/** Most purchases a day that can be allowed to one user: their ids stand in one item. */
const PURCHASES_PER_DAY_MAX = 200;

/** What one credit costs in each currency: decimal text of its major unit, because it may be less than a cent. */
const creditPrices = z
  .array(z.object({ currency, amount: z.string().regex(/^(0|[1-9]\d{0,5})(\.\d{1,8})?$/) }))
  .min(1)
  .refine(
    (prices) => new Set(prices.map((price) => price.currency)).size === prices.length,
    'has each currency once',
  )
  .refine((prices) => prices.every((price) => Number(price.amount) > 0), 'has prices above zero');
export type CreditPrices = z.output<typeof creditPrices>;

/** Below how many available credits a wallet of each type is low; 0, or leaving the type out, for never. */
const lowBalances = z
  .array(z.strictObject({ credit_type: creditType, credits: z.int().min(0).max(CREDITS_MAX) }))
  .refine(
    (rows) => new Set(rows.map((row) => row.credit_type)).size === rows.length,
    'has each credit type once',
  );

/** The most that a wallet of a type may spend in an hour or a day, both UTC. */
const spendingCaps = z
  .array(
    z.strictObject({
      credit_type: creditType,
      period: z.enum(['hour', 'day']),
      credits: z.int().min(0).max(BALANCE_MAX),
    }),
  )
  .refine(
    (rows) => new Set(rows.map((row) => `${row.credit_type} ${row.period}`)).size === rows.length,
    'has each credit type and period once',
  );

/** Most money that automatic top-ups of one wallet may take in a month, in minor units; no bound in other currencies. */
const monthlyAmounts = z
  .array(z.object({ currency, amount_minor: z.int().min(0).max(MONEY_MAX) }))
  .refine(
    (rows) => new Set(rows.map((row) => row.currency)).size === rows.length,
    'has each currency once',
  );

/**
 * What an operator may change without a deployment: one row per setting, with its bounds and the value that holds
 * while nobody has set another (DESIGN 3.5, 3.6, 7).
 */
export const settings = {
  /** Credits that a new user starts with; 0 for none. */
  signup_bonus: { schema: z.int().min(0).max(1_000_000), initial: 1 },
  /** Days that refunded credits get whose own grant has expired since the spend. */
  refund_grace_days: { schema: z.int().min(0).max(365), initial: 7 },
  /** What becomes of the part of a reversal that the balance does not cover. */
  clawback: { schema: z.enum(['debt', 'floor']), initial: 'debt' },
  /** What a credit costs where no package fixes the price; the first currency is shown to who asks for none. */
  price_per_credit: {
    schema: creditPrices,
    initial: [
      { currency: 'USD', amount: '0.10' },
      { currency: 'INR', amount: '50.00' },
    ],
  },
  /** Least and most credits of one purchase. */
  purchase_credits_min: { schema: z.int().min(1).max(CREDITS_MAX), initial: 1 },
  purchase_credits_max: { schema: z.int().min(1).max(CREDITS_MAX), initial: 1_000_000 },
  /** Purchases that a user may begin within 24 hours. */
  purchases_per_day_max: { schema: z.int().min(0).max(PURCHASES_PER_DAY_MAX), initial: 100 },
  /** Purchases that a user may have begun within 24 hours and not brought to an end. */
  purchases_pending_max: { schema: z.int().min(1).max(PURCHASES_PER_DAY_MAX), initial: 50 },
  /** What an application to a project costs. */
  application_cost: { schema: z.int().min(1).max(1_000_000), initial: 1 },
  /** How long a hold lasts whose request does not say, and at most. */
  hold_seconds_default: { schema: z.int().min(1).max(HOLD_SECONDS_MAX), initial: 3_600 },
  hold_seconds_max: { schema: z.int().min(1).max(HOLD_SECONDS_MAX), initial: 7 * 86_400 },
  /** Credits of one type that a user may transfer in a UTC day; 0 for no limit. */
  transfer_limit_per_day: { schema: z.int().min(0).max(BALANCE_MAX), initial: 0 },
  /** Who has set no threshold of their own is told when less than this is left (DESIGN 7). */
  low_balance_thresholds: {
    schema: lowBalances,
    initial: [{ credit_type: 'general', credits: 10 }],
  },
  /** How many days before credits expire their owner is told; 0 for not at all. */
  expiring_soon_days: { schema: z.int().min(0).max(90), initial: 7 },
  /** What each tier costs, gives and allows. */
  tiers: { schema: tiersSchema, initial: DEFAULT_TIERS },
  /** Days after a failed payment until quotas fall to FREE. */
  past_due_grace_days: { schema: z.int().min(0).max(60), initial: 7 },
  /** The most that a wallet may spend in an hour or a day; none where a credit type is left out. */
  spending_caps: { schema: spendingCaps, initial: [] },
  /** What automatic top-ups of one wallet may take in a calendar month (UTC), whatever its owner allows. */
  topups_per_month_max: { schema: z.int().min(0).max(1_000), initial: 30 },
  topup_amounts_per_month_max: {
    schema: monthlyAmounts,
    initial: [
      { currency: 'USD', amount_minor: 100_000 },
      { currency: 'INR', amount_minor: 10_000_000 },
    ],
  },
} as const;

export type SettingKey = keyof typeof settings;
export type SettingValue<K extends SettingKey> = z.output<(typeof settings)[K]['schema']>;

export const settingKeys: readonly SettingKey[] = Object.keys(settings).filter(isSettingKey);

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(settings, key);
}

const settingValue = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  creditPrices,
  lowBalances,
  monthlyAmounts,
  spendingCaps,
  tiersSchema,
]);

export const settingSchema = z.object({
  /** Null where somebody has set it back to its default: items are never deleted. */
  value: settingValue.nullable(),
  changedAt: z.string().optional(),
  changedBy: z.string().optional(),
});
export type StoredSetting = z.infer<typeof settingSchema>;

const settingsChangeSchema = z.object({
  cause: z.string(),
  fingerprint: z.string().nullable(),
  /** The one that it led to. */
  version: z.int(),
  at: z.string(),
  by: z.string(),
  /** Values as JSON text. */
  changes: z.array(z.object({ key: z.string(), before: z.string(), after: z.string() })),
});
export type SettingsChange = z.infer<typeof settingsChangeSchema>;

/** The latest changes, so that a repeated request gets its first answer; its version counts all of them. */
export const settingsHistorySchema = z.object({ recent: z.array(settingsChangeSchema) });
export type SettingsHistory = z.infer<typeof settingsHistorySchema>;

/** The value in force: the stored one, or the initial one where none is stored. */
export function settingOf<K extends SettingKey>(
  key: K,
  stored: { readonly value: StoredSetting } | null,
): SettingValue<K>;
export function settingOf(
  key: SettingKey,
  stored: { readonly value: StoredSetting } | null,
): unknown {
  const { schema, initial } = settings[key];
  const value = stored?.value.value ?? null;
  return value === null ? initial : schema.parse(value);
}
