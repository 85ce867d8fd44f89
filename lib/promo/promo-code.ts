import * as z from 'zod';

/** What a code gives, to whom and until when. Credits are whole, times ISO 8601 UTC. */
export const promoCodeSchema = z.object({
  /** In capitals: what people type is normalised once, at the edge. */
  code: z.string(),
  credits: z.int(),
  creditType: z.string(),
  /** As it stands in the history of whoever redeems it. */
  description: z.string(),
  active: z.boolean(),
  /** From then on the code is as good as unknown. */
  expiresAt: z.string().nullable(),
  /** When the credits expire: at a fixed time, or so many days after they came, or never. */
  creditsExpireAt: z.string().nullable(),
  creditsExpireAfterDays: z.int().nullable(),
  maxUses: z.int().nullable(),
  /** Redemptions so far; the newest has this number. */
  uses: z.int(),
  /** Who may redeem it; null for everybody. */
  userIds: z.array(z.string()).nullable(),
  createdAt: z.string(),
  createdBy: z.string(),
  updatedAt: z.string(),
});
export type PromoCode = Readonly<z.infer<typeof promoCodeSchema>>;

/** That a user has redeemed a code. Its key makes it once for ever. */
export const redemptionSchema = z.object({
  code: z.string(),
  userId: z.string(),
  /** Numbered from 1 within the code, without gaps. */
  number: z.int().min(1),
  credits: z.int(),
  creditType: z.string(),
  entryId: z.string(),
  /** The request that redeemed it: the same request again gets the first answer. */
  requestCause: z.string(),
  at: z.string(),
});
export type Redemption = Readonly<z.infer<typeof redemptionSchema>>;

/** What an operator may say about a code after it was made. */
export type PromoTerms = Pick<
  PromoCode,
  | 'active'
  | 'credits'
  | 'creditsExpireAfterDays'
  | 'creditsExpireAt'
  | 'description'
  | 'expiresAt'
  | 'maxUses'
  | 'userIds'
>;

/** Whether a user can redeem a code now. Why not is nobody's business: whoever asks may be guessing (DESIGN 5). */
export function isRedeemable(
  code: PromoCode,
  by: { readonly userId: string; readonly now: string },
): boolean {
  return (
    code.active &&
    isAhead(code.expiresAt, by.now) &&
    isAhead(code.creditsExpireAt, by.now) &&
    (code.maxUses === null || code.uses < code.maxUses) &&
    (code.userIds === null || code.userIds.includes(by.userId))
  );
}

const DAY_MS = 86_400_000;

/** When credits expire that are redeemed now. */
export function creditsExpiry(code: PromoCode, now: string): string | null {
  const { creditsExpireAfterDays: days, creditsExpireAt } = code;
  if (days === null) return creditsExpireAt;
  return new Date(Date.parse(now) + days * DAY_MS).toISOString();
}

/** The first time among the terms that has passed: nobody can mean that. */
export function passedTime(
  terms: Partial<Pick<PromoTerms, 'expiresAt' | 'creditsExpireAt'>>,
  now: string,
): 'expires_at' | 'credits_expire_at' | null {
  if (!isAhead(terms.expiresAt ?? null, now)) return 'expires_at';
  if (!isAhead(terms.creditsExpireAt ?? null, now)) return 'credits_expire_at';
  return null;
}

function isAhead(time: string | null, now: string): boolean {
  return time === null || now < time;
}

/** A code as audit records and the API show it, in the names of the wire. */
export function promoCodeState(code: PromoCode) {
  return {
    code: code.code,
    credits: code.credits,
    credit_type: code.creditType,
    description: code.description,
    active: code.active,
    expires_at: code.expiresAt,
    credits_expire_at: code.creditsExpireAt,
    credits_expire_after_days: code.creditsExpireAfterDays,
    max_uses: code.maxUses,
    uses: code.uses,
    user_ids: code.userIds,
    created_at: code.createdAt,
    created_by: code.createdBy,
    updated_at: code.updatedAt,
  };
}
