import type * as promo from '#lib/contract/promo';
import type { Wire } from '#lib/http/endpoint';
import { toCreditType, toMovement } from '#lib/http/wallet-resource';
import type { Entry } from '#lib/ledger/entry';
import { type PromoCode, promoCodeState, type Redemption } from '#lib/promo/promo-code';

/** Promotional codes, as the API shows them. */

export function toPromoCode(code: PromoCode): Wire<typeof promo.promoCode> {
  return { ...promoCodeState(code), credit_type: toCreditType(code.creditType) };
}

export function toRedemption(
  redemption: Redemption,
): Wire<typeof promo.redemptionList>['redemptions'][number] {
  return {
    number: redemption.number,
    user_id: redemption.userId,
    credits: redemption.credits,
    credit_type: toCreditType(redemption.creditType),
    transaction_id: redemption.entryId,
    redeemed_at: redemption.at,
  };
}

export function toRedeemed(entry: Entry, code: string): Wire<typeof promo.redeemed> {
  return {
    ...toMovement(entry),
    code,
    credits_added: entry.amount,
    credits_expire_at: entry.draws[0]?.expiresAt ?? null,
  };
}
