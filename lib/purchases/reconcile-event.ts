import type { FindingKind } from '#lib/contract/finding-kinds';
import { canonicalJson } from '#lib/ledger/entry';
import type { PaymentEvent, QuarantineReason, Translation } from '#lib/payments/payment-event';
import type { LedgerStore, Reader } from '#lib/ports';
import { type Applied, applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { purchaseOfEvent, purchaseRef, refsOfEvent } from '#lib/purchases/find-event-purchase';
import { postingsDue } from '#lib/purchases/post-purchase';
import type { Purchase } from '#lib/purchases/purchase';
import { changeOf } from '#lib/purchases/purchase-change';
import type { Finding } from '#lib/purchases/reconciliation';

type Store = Pick<LedgerStore, 'load' | 'loadEntry' | 'run' | 'write'>;

/** Compares one record of a provider with what we know, applies it where it is news, and says what was found, if anything. */
export async function reconcileEvent(
  { store }: { readonly store: Store },
  input: { readonly translation: Translation; readonly now: string },
): Promise<Finding | null> {
  const { now, translation } = input;
  if (translation.kind === 'quarantine') return quarantined(translation);
  // A card that is saved says nothing of money, and subscriptions are compared by their own.
  if (translation.kind !== 'event') return null;
  const { event } = translation;
  const refs = refsOfEvent(event);
  const found = purchaseOfEvent(await store.load(refs), event);
  if (found.kind === 'found') {
    const read = await store.load([...refs, purchaseRef(found.purchaseId)]);
    if (isKnown(read, { event, purchaseId: found.purchaseId })) return null;
  }
  return findingOf(event, await applyPaymentEvent({ store }, { event, now }), found);
}

function quarantined(translation: Extract<Translation, { readonly kind: 'quarantine' }>): Finding {
  const { detail, eventId, reason } = translation;
  const kind = KIND_OF[reason];
  return { kind, about: eventId ?? 'unnamed', purchaseId: null, detail: `${reason}: ${detail}` };
}

/**
 * Whether a purchase has an event's facts, whenever it was told them, and the wallet has what follows from them. Pure.
 */
function isKnown(
  read: Reader,
  about: { readonly event: PaymentEvent; readonly purchaseId: string },
): boolean {
  const change = changeOf(read, about);
  const stored = read('purchase', { purchaseId: about.purchaseId });
  if (change.kind === 'quarantine' || !stored) return false;
  if (change.references.length > 0 || postingsDue(change.purchase).length > 0) return false;
  return canonicalJson(withoutTimes(stored.value)) === canonicalJson(withoutTimes(change.purchase));
}

function withoutTimes(purchase: Purchase) {
  const untimed = <F extends { readonly at: string }>(facts: readonly F[]) =>
    facts.map((fact) => ({ ...fact, at: '' }));
  return {
    ...purchase,
    payments: untimed(purchase.payments),
    outcomes: untimed(purchase.outcomes),
    refunds: untimed(purchase.refunds),
    disputes: untimed(purchase.disputes),
  };
}

function findingOf(
  event: PaymentEvent,
  applied: Applied,
  found: { readonly kind: string; readonly purchaseId?: string },
): Finding | null {
  const about = nameOf(event);
  switch (applied.kind) {
    case 'credited':
    case 'reversed':
    case 'reinstated':
    case 'recorded': {
      const { kind, purchaseId, contradiction } = applied;
      if (contradiction !== undefined) {
        return { kind: 'mismatch', about, purchaseId, detail: contradiction };
      }
      // A page that nobody paid says nothing of money.
      const isExpiry = event.kind === 'checkout' && event.outcome === 'expired';
      return {
        kind: isExpiry ? 'expired' : 'restored',
        about,
        purchaseId,
        detail: `${event.type} ${kind}`,
      };
    }
    case 'waiting':
      return { kind: 'waiting', about, purchaseId: null, detail: `${event.type} waits` };
    case 'early':
      return { kind: 'unknown', about, purchaseId: null, detail: applied.detail };
    case 'quarantine': {
      const { reason, detail } = applied;
      const purchaseId = found.purchaseId ?? null;
      return { kind: KIND_OF[reason], about, purchaseId, detail: `${reason}: ${detail}` };
    }
    case 'unchanged':
    case 'foreign':
      return null;
  }
}

const KIND_OF: Readonly<Record<QuarantineReason, FindingKind>> = {
  MALFORMED_EVENT: 'unknown',
  WRONG_LIVEMODE: 'mismatch',
  WRONG_API_VERSION: 'unknown',
  UNKNOWN_SESSION: 'unknown',
  UNKNOWN_PAYMENT: 'unknown',
  UNKNOWN_SUBSCRIPTION: 'unknown',
  UNKNOWN_PRICE: 'unknown',
  SECOND_SUBSCRIPTION: 'duplicate',
  UNKNOWN_STATUS: 'unknown',
  CONTRADICTING_PURCHASE: 'mismatch',
  WRONG_AMOUNT: 'mismatch',
  WRONG_CURRENCY: 'mismatch',
  SECOND_PAYMENT: 'duplicate',
  WALLET_REFUSED: 'mismatch',
  TOO_MANY_FACTS: 'mismatch',
};

function nameOf(event: PaymentEvent): string {
  switch (event.kind) {
    case 'checkout':
      return event.paymentRef ?? event.sessionRef;
    case 'payment':
    case 'refund_total':
      return event.paymentRef;
    case 'refund':
      return event.refundRef;
    case 'dispute':
      return event.disputeRef;
  }
}
