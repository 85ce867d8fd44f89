import type { Entry } from '#lib/ledger/entry';
import type { Head } from '#lib/ledger/wallet';
import { invariant } from '#lib/invariant';
import type { LedgerStore } from '#lib/ports';
import { applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { purchaseRef } from '#lib/purchases/find-event-purchase';
import { claimKey } from '#lib/purchases/claim-key';
import { findBySession } from '#lib/purchases/find-purchase';
import type { OrderPayment, OrderProvider } from '#lib/purchases/order-provider';
import type { Purchase } from '#lib/purchases/purchase';

const PROVIDER = 'razorpay';

export interface VerifyRequest {
  readonly userId: string;
  readonly orderId: string;
  readonly paymentId: string;
  readonly signature: string;
  readonly cause: string;
  readonly fingerprint: string | null;
  readonly now: string;
}

export interface VerifyDependencies {
  readonly store: Pick<LedgerStore, 'load' | 'loadEntry' | 'loadHead' | 'run' | 'write'>;
  readonly orders: OrderProvider;
}

export interface VerifyRefusal {
  readonly code:
    | 'NOT_FOUND'
    | 'IDEMPOTENCY_KEY_REUSED'
    | 'PAYMENT_SIGNATURE_INVALID'
    | 'PAYMENT_NOT_CAPTURED'
    | 'PAYMENT_ORDER_MISMATCH'
    | 'PAYMENT_AMOUNT_MISMATCH'
    | 'PAYMENT_CURRENCY_MISMATCH'
    | 'PURCHASE_PAID_ALREADY'
    | 'PAYMENT_NOT_CREDITED'
    | 'PAYMENT_PROVIDER_FAILED'
    | 'PAYMENT_PROVIDER_UNAVAILABLE';
  /** For the log. */
  readonly detail: string;
}

export type VerifyOutcome =
  | {
      readonly ok: true;
      readonly purchase: Purchase;
      /** The entry that credited the purchase, and the wallet now. */
      readonly entry: Entry;
      readonly head: Head;
      /** Whether the payment's webhook, or an earlier call, had credited it before. */
      readonly replayed: boolean;
    }
  | { readonly ok: false; readonly refusal: VerifyRefusal };

/**
 * Credits a payment as soon as the app has it, without waiting for the webhook (DESIGN 6). The order is the one of our
 * own record; the signature says that the page took this payment for it; Razorpay itself says that the money is there.
 * Then it takes the webhook's own path, so that both together, in any order and number, credit once.
 */
export async function verifyPayment(
  deps: VerifyDependencies,
  request: VerifyRequest,
): Promise<VerifyOutcome> {
  const { orders, store } = deps;
  const { orderId, paymentId, signature, userId } = request;
  if (!(await claimKey(store, request))) return refused('IDEMPOTENCY_KEY_REUSED', request.cause);
  const sought = { userId, provider: PROVIDER, sessionId: orderId } as const;
  const purchase = await findBySession(deps, sought);
  if (!purchase) return refused('NOT_FOUND', 'no order of this user');
  if (!(await orders.isSigned({ orderId, paymentId, signature }))) {
    return refused('PAYMENT_SIGNATURE_INVALID', `${paymentId} for ${orderId}`);
  }
  if (purchase.credited && purchase.payments.some(({ ref }) => ref === paymentId)) {
    return credited(store, purchase, { replayed: true });
  }
  const answer = await orders.findPayment(paymentId);
  if (answer.kind === 'unknown') return refused('PAYMENT_PROVIDER_UNAVAILABLE', answer.detail);
  if (answer.kind === 'refused') return refused('PAYMENT_PROVIDER_FAILED', answer.detail);
  const { payment } = answer;
  const objection = objectionTo(payment, purchase, orderId);
  if (objection) return refused(objection, `${paymentId} for ${purchase.id}`);

  const applied = await applyPaymentEvent(
    { store },
    {
      now: request.now,
      event: {
        kind: 'payment',
        provider: PROVIDER,
        eventId: `verify_${paymentId}`,
        type: 'verify-payment',
        at: payment.at,
        claimedPurchaseId: null,
        currency: payment.currency,
        paymentRef: paymentId,
        sessionRef: orderId,
        outcome: 'paid',
        declineReason: null,
        amountMinor: payment.amountMinor,
      },
    },
  );
  if (applied.kind === 'quarantine') {
    const isSecond = applied.reason === 'SECOND_PAYMENT';
    return refused(isSecond ? 'PURCHASE_PAID_ALREADY' : 'PAYMENT_NOT_CREDITED', applied.detail);
  }
  const { id } = purchaseRef(purchase.id);
  const now = (await store.load([purchaseRef(purchase.id)]))('purchase', id)?.value;
  invariant(now, 'a purchase stays where it is');
  if (!now.credited) return refused('PAYMENT_NOT_CREDITED', applied.kind);
  return credited(store, now, { replayed: applied.kind !== 'credited' });
}

/** What speaks against crediting a payment, as its provider has it, for a purchase. */
function objectionTo(
  payment: OrderPayment,
  purchase: Purchase,
  orderId: string,
): VerifyRefusal['code'] | null {
  if (payment.orderId !== orderId) return 'PAYMENT_ORDER_MISMATCH';
  if (payment.currency !== purchase.currency) return 'PAYMENT_CURRENCY_MISMATCH';
  if (payment.amountMinor !== purchase.amountMinor) return 'PAYMENT_AMOUNT_MISMATCH';
  return payment.isCaptured ? null : 'PAYMENT_NOT_CAPTURED';
}

async function credited(
  store: VerifyDependencies['store'],
  purchase: Purchase,
  { replayed }: { readonly replayed: boolean },
): Promise<VerifyOutcome> {
  const { creditType, userId } = purchase;
  const entryId = purchase.credited?.entryId ?? '';
  const [entry, head] = await Promise.all([
    store.loadEntry({ userId, entryId }),
    store.loadHead({ userId, creditType }),
  ]);
  invariant(entry, 'the entry of a credited purchase is there');
  return { ok: true, purchase, entry, head, replayed };
}

function refused(code: VerifyRefusal['code'], detail: string) {
  return { ok: false, refusal: { code, detail } } as const;
}
