import { idOf } from '#lib/contract/ids';
import type {
  CheckoutEvent,
  PaymentAttemptEvent,
  PaymentEvent,
  PaymentProvider,
  QuarantineReason,
} from '#lib/payments/payment-event';
import type { Reader, RecordRef } from '#lib/ports';
import type { ReturnEvent } from '#lib/purchases/payment-returns';

export type EventPurchase =
  | { readonly kind: 'found'; readonly purchaseId: string }
  /** Money on its way back, of a payment that nobody has told us of: its facts wait for it. */
  | { readonly kind: 'wait'; readonly event: ReturnEvent }
  /** A payment that names nothing of ours: the provider's account sells more than credits. */
  | { readonly kind: 'foreign' }
  /** A payment for a session or order that we may be about to store: look again later. */
  | { readonly kind: 'early'; readonly detail: string }
  | { readonly kind: 'quarantine'; readonly reason: QuarantineReason; readonly detail: string };

/** Everything that can lead from an event to its purchase. */
export function refsOfEvent(event: PaymentEvent): readonly RecordRef[] {
  const claimed = claimOf(event);
  return [...namesOf(event), ...(claimed === null ? [] : [purchaseRef(claimed)])];
}

/** What an event says belongs to its purchase, the surest first. */
export function namesOf(event: PaymentEvent): readonly PaymentRef[] {
  const names =
    event.kind === 'checkout'
      ? [event.sessionRef, event.paymentRef]
      : [event.paymentRef, event.sessionRef];
  return names.filter((name) => name !== null).map((name) => paymentRef(event, name));
}

/** The purchase that an event is about (DESIGN 6). What it names is found through what we stored, never believed. */
export function purchaseOfEvent(read: Reader, event: PaymentEvent): EventPurchase {
  switch (event.kind) {
    case 'checkout':
      return boundPurchase(read, event, sessionName(event)) ?? claimedBySession(read, event);
    case 'payment':
      return boundByAnyName(read, event) ?? claimedByPayment(read, event);
    case 'refund':
    case 'refund_total':
    case 'dispute':
      return boundByAnyName(read, event) ?? claimedByReturn(read, event);
  }
}

function boundByAnyName(read: Reader, event: PaymentEvent): EventPurchase | null {
  for (const name of namesOf(event)) {
    const bound = boundPurchase(read, event, name);
    if (bound) return bound;
  }
  return null;
}

function boundPurchase(read: Reader, event: PaymentEvent, name: PaymentRef): EventPurchase | null {
  const bound = read('paymentReference', name.id)?.value.purchaseId ?? null;
  if (bound === null) return null;
  const claimed = claimOf(event);
  if (claimed === null || claimed === bound) return { kind: 'found', purchaseId: bound };
  const detail = `${name.id.ref} belongs to ${bound} and names ${claimed}`;
  return { kind: 'quarantine', reason: 'CONTRADICTING_PURCHASE', detail };
}

/**
 * An unknown session is the one of the purchase that it names, as long as no session is known for that yet: the event
 * may come before the answer to our own call.
 */
function claimedBySession(read: Reader, event: CheckoutEvent): EventPurchase {
  const purchase = claimedPurchase(read, event);
  if (purchase?.session === null) return { kind: 'found', purchaseId: purchase.id };
  const [paid] = purchase?.payments ?? [];
  if (purchase && paid && event.outcome === 'paid') {
    const second = event.paymentRef ?? event.sessionRef;
    const detail = `${purchase.id} is paid by ${paid.ref} already; ${second} has to be refunded`;
    return { kind: 'quarantine', reason: 'SECOND_PAYMENT', detail };
  }
  const detail = purchase
    ? `${event.sessionRef} names ${purchase.id}, which has another session`
    : `no purchase has the session ${event.sessionRef}`;
  return { kind: 'quarantine', reason: 'UNKNOWN_SESSION', detail };
}

/**
 * An unknown payment is one of the purchase that it names; only our own calls can have put the name there. One for a
 * session or order that we do not know may have been faster than we are in storing that.
 */
function claimedByPayment(read: Reader, event: PaymentAttemptEvent): EventPurchase {
  const { paymentRef: ref, sessionRef } = event;
  const purchase = claimedPurchase(read, event);
  if (purchase && sessionRef !== null && (purchase.session?.id ?? sessionRef) !== sessionRef) {
    const detail = `${sessionRef} names ${purchase.id}, which has another session`;
    return { kind: 'quarantine', reason: 'UNKNOWN_SESSION', detail };
  }
  if (purchase) return { kind: 'found', purchaseId: purchase.id };
  const claimed = claimOf(event);
  if (claimed !== null) {
    const detail = `${ref} names ${claimed}, which is no purchase of this provider`;
    return { kind: 'quarantine', reason: 'UNKNOWN_PAYMENT', detail };
  }
  if (sessionRef === null) return { kind: 'foreign' };
  return { kind: 'early', detail: `${ref} is for ${sessionRef}, which no purchase has` };
}

function claimedByReturn(read: Reader, event: ReturnEvent): EventPurchase {
  const purchase = claimedPurchase(read, event);
  return purchase ? { kind: 'found', purchaseId: purchase.id } : { kind: 'wait', event };
}

function claimedPurchase(read: Reader, event: PaymentEvent) {
  const claimed = claimOf(event);
  const purchase = claimed === null ? null : read('purchase', { purchaseId: claimed })?.value;
  return purchase?.provider === event.provider ? purchase : null;
}

function sessionName(event: CheckoutEvent): PaymentRef {
  return paymentRef(event, event.sessionRef);
}

export type PaymentRef = ReturnType<typeof paymentRef>;

export function paymentRef(event: { readonly provider: PaymentProvider }, ref: string) {
  const id = { provider: event.provider, ref };
  return { record: 'paymentReference', id } as const;
}

export function purchaseRef(purchaseId: string) {
  return { record: 'purchase', id: { purchaseId } } as const;
}

/** What the event names as its purchase, if it can be an id of ours at all. */
function claimOf(event: PaymentEvent): string | null {
  const claim = idOf('purchase').safeParse(event.claimedPurchaseId);
  return claim.success ? claim.data : null;
}
