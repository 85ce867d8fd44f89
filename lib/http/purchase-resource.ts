import type { PackagePrice } from '#lib/catalog/package';
import { currency } from '#lib/contract/amounts';
import { type Currency, MINOR_UNIT_DIGITS } from '#lib/contract/amounts';
import type * as wire from '#lib/contract/wire';
import type { Wire } from '#lib/http/endpoint';
import { toBalance, toCreditType, toMovement } from '#lib/http/wallet-resource';
import { pricePerCredit } from '#lib/purchases/money-format';
import type { Entry } from '#lib/ledger/entry';
import type { Head } from '#lib/ledger/wallet';
import { invariant } from '#lib/invariant';
import type { Purchase } from '#lib/purchases/purchase';
import {
  paidAtOf,
  refundedMinorOf,
  reversedSoFar,
  statusOf,
  unknownOutcomesOf,
} from '#lib/purchases/purchase-status';

/** Purchases and what can be bought, as the API shows them (DESIGN 5, wire shapes). */

export function toPurchase(purchase: Purchase): Wire<typeof wire.purchase> {
  return {
    purchase_id: purchase.id,
    user_id: purchase.userId,
    status: statusOf(purchase),
    provider: purchase.provider,
    origin: purchase.origin ?? 'user',
    package_id: purchase.packageId,
    credit_type: toCreditType(purchase.creditType),
    credits: purchase.credits,
    amount: purchase.amountMinor,
    currency: currency.parse(purchase.currency),
    amount_refunded: refundedMinorOf(purchase),
    credits_granted: purchase.credited?.credits ?? 0,
    credits_reversed: reversedSoFar(purchase),
    transaction_id: purchase.credited?.entryId ?? null,
    created_at: purchase.createdAt,
    paid_at: paidAtOf(purchase),
    last_decline: purchase.lastDecline ?? null,
    outcome_unknown: [...unknownOutcomesOf(purchase)],
  };
}

export function toCheckoutStatus(
  purchase: Purchase,
  sessionId: string,
): Wire<typeof wire.checkoutStatus> {
  const { purchase_id, status, credit_type, credits, amount, transaction_id, ...rest } =
    toPurchase(purchase);
  return {
    session_id: sessionId,
    purchase_id,
    status,
    credit_type,
    credits,
    amount,
    currency: rest.currency,
    transaction_id,
  };
}

export function toPackage(offered: PackagePrice): Wire<typeof wire.creditPackage> {
  const { creditPackage, amountMinor } = offered;
  const { id, name, description, credits, creditType } = creditPackage;
  return {
    package_id: id,
    name,
    description,
    credit_type: toCreditType(creditType),
    credits,
    price: amountMinor,
    currency: currency.parse(offered.currency),
    price_per_credit: pricePerCredit({ amountMinor, currency: offered.currency, credits }),
    discount_percent: offered.discountPercent,
  };
}

export function toInitiatedPurchase(begun: {
  readonly purchase: Purchase;
  readonly orderId: string;
  readonly keyId: string;
}): Wire<typeof wire.initiatedPurchase> {
  const { keyId, orderId, purchase } = begun;
  return {
    purchase_id: purchase.id,
    order_id: orderId,
    key_id: keyId,
    amount: purchase.amountMinor,
    currency: toCurrency(purchase.currency),
    credits: purchase.credits,
  };
}

export function toVerifiedPayment(
  verified: { readonly purchase: Purchase; readonly entry: Entry; readonly head: Head },
  now: string,
): Wire<typeof wire.verifiedPayment> {
  const { entry, head, purchase } = verified;
  return {
    ...toMovement(entry),
    purchase_id: purchase.id,
    credits_added: entry.amount,
    credits_balance: toBalance(head, now).credits_balance,
  };
}

/** Purchases are only begun in currencies that we price in. */
export function toCurrency(code: string): Currency {
  invariant(isCurrency(code), 'every purchase is in a currency that we price in');
  return code;
}

function isCurrency(code: string): code is Currency {
  return Object.hasOwn(MINOR_UNIT_DIGITS, code);
}
