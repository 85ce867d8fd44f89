import * as z from 'zod';

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
} as const;

export type SettingKey = keyof typeof settings;
export type SettingValue<K extends SettingKey> = z.output<(typeof settings)[K]['schema']>;

export const settingSchema = z.object({ value: z.union([z.string(), z.number(), z.boolean()]) });
export type StoredSetting = z.infer<typeof settingSchema>;

/** The value in force: the stored one, or the initial one where none is stored. */
export function settingOf<K extends SettingKey>(
  key: K,
  stored: { readonly value: StoredSetting } | null,
): SettingValue<K>;
export function settingOf(
  key: SettingKey,
  stored: { readonly value: StoredSetting } | null,
): string | number | boolean {
  const { schema, initial } = settings[key];
  return stored ? schema.parse(stored.value.value) : initial;
}
