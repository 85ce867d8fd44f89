import { idOf } from '#lib/contract/ids';
import type { CheckoutEvent, QuarantineReason } from '#lib/payments/payment-event';
import type { Reader, RecordRef } from '#lib/ports';

export type EventPurchase =
  | { readonly kind: 'found'; readonly purchaseId: string }
  | { readonly kind: 'quarantine'; readonly reason: QuarantineReason; readonly detail: string };

/** Everything that can lead from an event to its purchase. */
export function refsOfEvent(event: CheckoutEvent): readonly RecordRef[] {
  const claimed = claimOf(event);
  return [
    sessionRef(event),
    ...(event.paymentRef === null ? [] : [paymentRef(event, event.paymentRef)]),
    ...(claimed === null ? [] : [purchaseRef(claimed)]),
  ];
}

/**
 * The purchase that an event is about (DESIGN 6): the one whose session it is; else the one that it names, as long as
 * no session is known for that yet, because the event may come before the answer to our own call.
 */
export function purchaseOfEvent(read: Reader, event: CheckoutEvent): EventPurchase {
  const bound = read('paymentReference', sessionRef(event).id)?.value.purchaseId ?? null;
  const claimed = claimOf(event);
  if (bound !== null) {
    if (claimed === null || claimed === bound) return { kind: 'found', purchaseId: bound };
    const detail = `${event.sessionRef} is the session of ${bound} and names ${claimed}`;
    return { kind: 'quarantine', reason: 'CONTRADICTING_PURCHASE', detail };
  }
  const purchase = claimed === null ? null : read('purchase', { purchaseId: claimed });
  if (purchase?.value.provider === event.provider && purchase.value.session === null) {
    return { kind: 'found', purchaseId: purchase.value.id };
  }
  const detail = purchase
    ? `${event.sessionRef} names ${purchase.value.id}, which has another session`
    : `no purchase has the session ${event.sessionRef}`;
  return { kind: 'quarantine', reason: 'UNKNOWN_SESSION', detail };
}

export function sessionRef(event: CheckoutEvent) {
  return paymentRef(event, event.sessionRef);
}

export function paymentRef(event: Pick<CheckoutEvent, 'provider'>, ref: string) {
  const id = { provider: event.provider, ref };
  return { record: 'paymentReference', id } as const;
}

export function purchaseRef(purchaseId: string) {
  return { record: 'purchase', id: { purchaseId } } as const;
}

/** What the event names as its purchase, if it can be an id of ours at all. */
function claimOf(event: CheckoutEvent): string | null {
  const claim = idOf('purchase').safeParse(event.claimedPurchaseId);
  return claim.success ? claim.data : null;
}
