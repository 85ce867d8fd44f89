import * as z from 'zod';
import { credits, creditCount, wholeNumber } from '#lib/contract/amounts';
import { creditType, creditTypeOrDefault } from '#lib/contract/credit-types';
import { description, instant, timestamp } from '#lib/contract/fields';
import { idOf, userId } from '#lib/contract/ids';
import { movement, pagination } from '#lib/contract/wire';

/** Promotional codes as the API takes and shows them. */

const CODE_USES_MAX = 1_000_000_000;
const CREDITS_DAYS_MAX = 3_650;
/** They stand in the code's item, which every redemption writes. */
const CODE_USERS_MAX = 100;

/** As people type it; capitals or not is the same code. Nobody guesses shorter ones than these by accident. */
export const promoCodeText = z
  .string()
  .regex(/^[A-Za-z0-9_-]{4,40}$/, 'must be 4 to 40 letters, digits, "-" or "_"')
  .transform((text) => text.toUpperCase());

const terms = {
  credits,
  description: description.meta({ description: 'As it stands in the history of users.' }),
  expires_at: instant.nullable().meta({ description: 'From then on nobody can redeem it.' }),
  credits_expire_at: instant.nullable(),
  credits_expire_after_days: wholeNumber({ min: 1, max: CREDITS_DAYS_MAX }).nullable(),
  max_uses: wholeNumber({ min: 1, max: CODE_USES_MAX }).nullable(),
  user_ids: z
    .array(userId)
    .min(1)
    .max(CODE_USERS_MAX)
    .nullable()
    .meta({ description: 'Who may redeem it; everybody where it is null.' }),
};

const atOrAfter = 'credits_expire_at and credits_expire_after_days exclude each other';
const exclusive = (body: {
  readonly credits_expire_at?: string | null | undefined;
  readonly credits_expire_after_days?: number | null | undefined;
}): boolean => body.credits_expire_at == null || body.credits_expire_after_days == null;

export const newPromoCode = z
  .strictObject({
    ...terms,
    code: promoCodeText,
    credit_type: creditTypeOrDefault,
    description: terms.description.optional(),
    expires_at: terms.expires_at.default(null),
    credits_expire_at: terms.credits_expire_at.default(null),
    credits_expire_after_days: terms.credits_expire_after_days.default(null),
    max_uses: terms.max_uses.default(null),
    user_ids: terms.user_ids.default(null),
    active: z.boolean().default(true),
  })
  .refine(exclusive, atOrAfter);

export const promoCodeChange = z
  .strictObject({ ...terms, active: z.boolean() })
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'must name at least one field')
  .refine(exclusive, atOrAfter);

export const promoCode = z
  .strictObject({
    code: z.string(),
    credits: creditCount,
    credit_type: creditType,
    description: z.string(),
    active: z.boolean(),
    expires_at: timestamp.nullable(),
    credits_expire_at: timestamp.nullable(),
    credits_expire_after_days: z.int().nullable(),
    max_uses: z.int().nullable(),
    uses: creditCount,
    user_ids: z.array(userId).nullable(),
    created_at: timestamp,
    created_by: z.string(),
    updated_at: timestamp,
  })
  .meta({ id: 'PromoCode' });

export const promoCodeList = z.strictObject({ promo_codes: z.array(promoCode), pagination });

export const redemptionList = z.strictObject({
  redemptions: z.array(
    z.strictObject({
      number: z.int().min(1),
      user_id: userId,
      credits: creditCount,
      credit_type: creditType,
      transaction_id: idOf('transaction'),
      redeemed_at: timestamp,
    }),
  ),
  pagination,
});

export const redeemed = movement
  .extend({ code: z.string(), credits_added: creditCount, credits_expire_at: timestamp.nullable() })
  .meta({ id: 'Redeemed' });
