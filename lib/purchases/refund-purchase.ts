import { hash } from 'node:crypto';
import { type AuditContext, auditWrite } from '#lib/admin/audit-record';
import { chargeStep } from '#lib/contract/amounts';
import { invariant } from '#lib/invariant';
import { ContentionError, type LedgerStore, type RecordWrite } from '#lib/ports';
import { applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { purchaseRef } from '#lib/purchases/find-event-purchase';
import type { Purchase, RefundRequest } from '#lib/purchases/purchase';
import {
  isOpenRequest,
  paidMinorOf,
  refundedMinorOf,
  statusOf,
} from '#lib/purchases/purchase-status';
import type { RefundProvider } from '#lib/purchases/refund-provider';

const ATTEMPTS_MAX = 20;
/** A purchase is one item, and has to stay one. */
const REQUESTS_MAX = 50;
/** Stripe forgets a key after 24 hours at the earliest: asking again after that could give the money back twice. */
export const REPEATABLE_MS = 20 * 3_600_000;
/** By then reconciliation has looked for a refund every hour, and long after anybody could repeat it. */
const UNKNOWN_MS = 48 * 3_600_000;

export interface RefundDependencies {
  readonly store: Pick<LedgerStore, 'load' | 'loadEntry' | 'run' | 'write'>;
  readonly refunds: RefundProvider;
}

export interface RefundInput {
  readonly purchaseId: string;
  /** Null for all that is left. */
  readonly amountMinor: number | null;
  readonly reason: string;
  readonly cause: string;
  readonly fingerprint: string | null;
  readonly audit: AuditContext;
  readonly now: string;
}

export type RefundRefusal =
  | {
      readonly code:
        | 'NOT_FOUND'
        | 'PURCHASE_NOT_PAID'
        | 'ALREADY_REFUNDED'
        | 'REFUND_OUTCOME_UNKNOWN'
        | 'CONFLICT'
        | 'IDEMPOTENCY_KEY_REUSED'
        | 'amount_not_payable'
        | 'PAYMENT_PROVIDER_FAILED'
        | 'PAYMENT_PROVIDER_UNAVAILABLE';
      readonly detail: string;
    }
  | {
      readonly code: 'REFUND_EXCEEDS_PAYMENT';
      readonly detail: string;
      readonly refundableMinor: number;
    };

export type RefundOutcome =
  | {
      readonly ok: true;
      readonly purchase: Purchase;
      readonly refund: Purchase['refunds'][number];
      readonly replayed: boolean;
    }
  | { readonly ok: false; readonly refusal: RefundRefusal };

/**
 * Gives a payment back, in whole or in part (DESIGN 6). What is asked for is stored before the provider is asked, so
 * that a repetition asks for the very same; the ledger moves by the answer or by the event, whichever comes first, once.
 * One refund at a time: while the outcome of one is unknown, only its own key is taken.
 */
export async function refundPurchase(
  { refunds, store }: RefundDependencies,
  input: RefundInput,
): Promise<RefundOutcome> {
  const begun = await begin(store, input);
  if (!begun.ok) return begun;
  const { purchase, request } = begun;
  const known = purchase.refunds.find(({ id }) => id === request.refundRef);
  if (known) return { ok: true, purchase, refund: known, replayed: true };
  // Its first answer stays: asked again, the provider might do it after all, beside what was asked for since.
  if (request.ended === 'refused') return refused('PAYMENT_PROVIDER_FAILED', 'refused before');
  if (Date.parse(input.now) - Date.parse(request.at) > REPEATABLE_MS) {
    return refused('CONFLICT', `${request.key} can no longer be repeated safely`);
  }
  const { amountMinor, key: refundKey, paymentRef } = request;
  const { currency, id: purchaseId, provider } = purchase;
  const order = { provider, paymentRef, amountMinor, currency, purchaseId, refundKey };
  const answer = await refunds.refund(order);
  if (answer.kind === 'unknown') return refused('PAYMENT_PROVIDER_UNAVAILABLE', answer.detail);
  if (answer.kind === 'refused') {
    await settle(store, { purchaseId, refundKey }, { ended: 'refused' });
    return refused('PAYMENT_PROVIDER_FAILED', answer.detail);
  }
  const { at, refundRef, state } = answer;
  await applyPaymentEvent(
    { store },
    {
      now: input.now,
      event: {
        kind: 'refund',
        provider,
        eventId: `refund_${refundRef}`,
        type: 'refund-purchase',
        at,
        claimedPurchaseId: purchaseId,
        currency,
        paymentRef,
        sessionRef: null,
        refundRef,
        refundKey,
        amountMinor,
        state,
      },
    },
  );
  const now = await settle(store, { purchaseId, refundKey }, { refundRef });
  const refund = now.refunds.find(({ id }) => id === refundRef);
  // Only a purchase that can hold no more facts lacks it; its event then waits for a person.
  if (!refund) return refused('CONFLICT', `${refundRef} was made and could not be recorded`);
  return { ok: true, purchase: now, refund, replayed: false };
}

/** Stores what is asked for, or finds what a request of this cause asked for before. */
async function begin(store: RefundDependencies['store'], input: RefundInput) {
  const ref = purchaseRef(input.purchaseId);
  const key = refundKeyOf(input);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const stored = (await store.load([ref]))('purchase', ref.id);
    if (!stored) return refused('NOT_FOUND', 'no such purchase');
    const { value: purchase, version } = stored;
    const requests = purchase.refundRequests ?? [];
    const known = requests.find((request) => request.key === key);
    if (known && known.fingerprint !== input.fingerprint) {
      return refused('IDEMPOTENCY_KEY_REUSED', key);
    }
    if (known) return { ok: true, purchase, request: known } as const;
    const decided = decide(purchase, input);
    if (!decided.ok) return decided;
    const { audit, fingerprint, now: at, reason } = input;
    const by = audit.actor;
    const { amountMinor, paymentRef } = decided;
    const request: RefundRequest = {
      ...{ key, paymentRef, amountMinor, reason, by, at, fingerprint },
      refundRef: null,
    };
    const value = { ...purchase, refundRequests: [...requests, request] };
    if (await store.write([{ ...ref, value, version }, recordOf(purchase, request, audit)])) {
      return { ok: true, purchase: value, request } as const;
    }
  }
  throw new ContentionError('requests and events of one purchase raced past the bound');
}

/** The request is on record before the provider hears of it; what comes of it is in the purchase. */
function recordOf(
  purchase: Purchase,
  { amountMinor, key, reason }: RefundRequest,
  audit: AuditContext,
): RecordWrite<'audit'> {
  const { currency, id, userId } = purchase;
  return auditWrite(audit, {
    action: 'refundPurchase',
    userId,
    target: { type: 'purchase', id },
    before: { status: statusOf(purchase), amount_refunded: refundedMinorOf(purchase) },
    after: { amount_requested: amountMinor, currency, refund_key: key },
    reason,
  });
}

function decide(purchase: Purchase, input: RefundInput) {
  const [payment] = purchase.payments;
  const paidMinor = paidMinorOf(purchase);
  if (!payment || paidMinor === 0) return refused('PURCHASE_NOT_PAID', 'no money has arrived');
  if (statusOf(purchase) === 'disputed') return refused('CONFLICT', 'the payment is disputed');
  if ((purchase.refundRequests ?? []).length >= REQUESTS_MAX) {
    return refused('CONFLICT', `more than ${REQUESTS_MAX} requests`);
  }
  // Whoever asks again under another key may mean the same money, and nobody can tell yet whether it went back.
  const open = (purchase.refundRequests ?? []).find(
    (request) =>
      isOpenRequest(request) && Date.parse(input.now) - Date.parse(request.at) <= UNKNOWN_MS,
  );
  if (open) return refused('REFUND_OUTCOME_UNKNOWN', `${open.key} has no outcome yet`);
  const refundableMinor = paidMinor - refundedMinorOf(purchase);
  if (refundableMinor <= 0) return refused('ALREADY_REFUNDED', 'nothing is left');
  const amountMinor = input.amountMinor ?? refundableMinor;
  if (amountMinor > refundableMinor) {
    const detail = `${amountMinor} of ${refundableMinor}`;
    const refusal = { code: 'REFUND_EXCEEDS_PAYMENT', detail, refundableMinor } as const;
    return { ok: false, refusal } as const;
  }
  if (amountMinor % chargeStep(purchase.currency) !== 0) {
    return refused('amount_not_payable', `${amountMinor} in ${purchase.currency}`);
  }
  return { ok: true, amountMinor, paymentRef: payment.ref } as const;
}

/** Remembers what the request came to: its refund, or that there is none. */
async function settle(
  store: RefundDependencies['store'],
  about: { readonly purchaseId: string; readonly refundKey: string },
  told: { readonly refundRef: string } | { readonly ended: 'refused' },
): Promise<Purchase> {
  const ref = purchaseRef(about.purchaseId);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const stored = (await store.load([ref]))('purchase', ref.id);
    invariant(stored, 'a purchase stays where it is');
    const { value: purchase, version } = stored;
    const refundRequests = (purchase.refundRequests ?? []).map((request): RefundRequest =>
      request.key === about.refundKey ? { ...request, ...told } : request,
    );
    const value = { ...purchase, refundRequests };
    if (await store.write([{ ...ref, value, version }])) return value;
  }
  throw new ContentionError('requests and events of one purchase raced past the bound');
}

/** One per purchase and cause, in the form that Razorpay takes. */
function refundKeyOf({ cause, purchaseId }: Pick<RefundInput, 'cause' | 'purchaseId'>): string {
  const digest = hash('sha256', `${purchaseId}\n${cause}`, 'hex');
  return `rfd_${digest.slice(0, 32)}`;
}

type PlainRefusal = Exclude<RefundRefusal, { readonly code: 'REFUND_EXCEEDS_PAYMENT' }>;

function refused(code: PlainRefusal['code'], detail: string) {
  return { ok: false, refusal: { code, detail } } as const;
}
