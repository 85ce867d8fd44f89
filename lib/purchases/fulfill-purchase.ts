import { type AuditContext, auditWrite } from '#lib/admin/audit-record';
import { invariant } from '#lib/invariant';
import type { QuarantineReason } from '#lib/payments/payment-event';
import type { LedgerStore, RecordWrite } from '#lib/ports';
import { type Applied, applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { claimKey, type KeyedRequest } from '#lib/purchases/claim-key';
import { purchaseRef } from '#lib/purchases/find-event-purchase';
import type { PaymentLookup } from '#lib/purchases/payment-lookup';
import type { Purchase } from '#lib/purchases/purchase';
import { statusOf } from '#lib/purchases/purchase-status';

export interface FulfillDependencies {
  readonly store: Pick<LedgerStore, 'load' | 'loadEntry' | 'run' | 'write'>;
  readonly lookup: PaymentLookup;
}

export interface FulfillRequest extends KeyedRequest {
  /** A Stripe session, or a Razorpay order. */
  readonly sought: { readonly sessionId: string } | { readonly orderId: string };
  /** Who asks. */
  readonly audit: AuditContext;
}

export interface FulfillRefusal {
  readonly code:
    | 'NOT_FOUND'
    | 'IDEMPOTENCY_KEY_REUSED'
    | 'PAYMENT_NOT_CAPTURED'
    | 'PAYMENT_AMOUNT_MISMATCH'
    | 'PAYMENT_CURRENCY_MISMATCH'
    | 'PURCHASE_PAID_ALREADY'
    | 'PAYMENT_NOT_CREDITED'
    | 'PAYMENT_PROVIDER_FAILED'
    | 'PAYMENT_PROVIDER_UNAVAILABLE';
  /** For the log. */
  readonly detail: string;
}

export type FulfillOutcome =
  | { readonly ok: true; readonly purchase: Purchase }
  | { readonly ok: false; readonly refusal: FulfillRefusal };

/**
 * Does by hand what an event should have done: asks the provider what became of a session or order, and applies that
 * by the path of every event, so that the event may still come and changes nothing more (DESIGN 6).
 */
export async function fulfillPurchase(
  { lookup, store }: FulfillDependencies,
  request: FulfillRequest,
): Promise<FulfillOutcome> {
  const { audit, now, sought } = request;
  if (!(await claimKey(store, request))) return refused('IDEMPOTENCY_KEY_REUSED', request.cause);
  const answer =
    'orderId' in sought
      ? await lookup.findOrder(sought.orderId)
      : await lookup.findSession({ ...sought, now });
  switch (answer.kind) {
    case 'absent':
      return refused('NOT_FOUND', 'the provider does not know it');
    case 'refused':
      return refused('PAYMENT_PROVIDER_FAILED', answer.detail);
    case 'unknown':
      return refused('PAYMENT_PROVIDER_UNAVAILABLE', answer.detail);
    case 'found':
  }
  if (answer.event === null) return refused('PAYMENT_NOT_CAPTURED', 'nobody has paid it');
  const applied = await applyPaymentEvent(
    { store },
    {
      event: answer.event,
      now,
      alongside: (changed) => [recordOf(audit, { purchase: changed, changed: true })],
    },
  );
  if (!('purchaseId' in applied)) return { ok: false, refusal: refusalOf(applied) };
  const ref = purchaseRef(applied.purchaseId);
  const purchase = (await store.load([ref]))('purchase', ref.id)?.value;
  invariant(purchase, 'a purchase stays where it is');
  if (applied.kind === 'unchanged') {
    await store.write([recordOf(audit, { purchase, changed: false })]);
  }
  return { ok: true, purchase };
}

function recordOf(
  audit: AuditContext,
  { changed, purchase }: { readonly purchase: Purchase; readonly changed: boolean },
): RecordWrite<'audit'> {
  const { credited, id, userId } = purchase;
  const status = statusOf(purchase);
  return auditWrite(audit, {
    action: 'fulfillPurchase',
    userId,
    target: { type: 'purchase', id },
    after: { changed, status, credits_granted: credited?.credits ?? 0 },
  });
}

type NotApplied = Exclude<Applied, { readonly purchaseId: string }>;

function refusalOf(applied: NotApplied): FulfillRefusal {
  if (applied.kind !== 'quarantine') {
    return { code: 'NOT_FOUND', detail: `no purchase belongs to it: ${applied.kind}` };
  }
  const { detail, reason } = applied;
  return { code: CODES[reason] ?? 'PAYMENT_NOT_CREDITED', detail: `${reason}: ${detail}` };
}

const CODES: Readonly<Partial<Record<QuarantineReason, FulfillRefusal['code']>>> = {
  UNKNOWN_SESSION: 'NOT_FOUND',
  UNKNOWN_PAYMENT: 'NOT_FOUND',
  WRONG_AMOUNT: 'PAYMENT_AMOUNT_MISMATCH',
  WRONG_CURRENCY: 'PAYMENT_CURRENCY_MISMATCH',
  SECOND_PAYMENT: 'PURCHASE_PAID_ALREADY',
};

function refused(code: FulfillRefusal['code'], detail: string): FulfillOutcome {
  return { ok: false, refusal: { code, detail } };
}
