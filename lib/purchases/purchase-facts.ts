import type {
  CheckoutEvent,
  PaymentAttemptEvent,
  PaymentEvent,
  QuarantineReason,
  RefundEvent,
} from '#lib/payments/payment-event';
import { mergeReturns, returnsOf } from '#lib/purchases/payment-returns';
import type { Purchase, PurchaseOutcome, RefundRequest, Returns } from '#lib/purchases/purchase';

export type Facts =
  | { readonly ok: true; readonly purchase: Purchase }
  | { readonly ok: false; readonly reason: QuarantineReason; readonly detail: string };

/**
 * The purchase with what an event says about it. Facts are sets: adding them again, or in another order, gives the same
 * purchase (DESIGN 6). An event that contradicts what was agreed adds nothing and goes to a person.
 */
export function addFacts(purchase: Purchase, event: PaymentEvent): Facts {
  if (event.currency !== purchase.currency) {
    return contradiction(
      'WRONG_CURRENCY',
      `${event.currency} came, ${purchase.currency} was agreed`,
    );
  }
  switch (event.kind) {
    case 'checkout':
      return addCheckout(purchase, event);
    case 'payment':
      return addPayment(purchase, event);
    case 'refund':
      return addReturns(withRefundOf(purchase, event), returnsOf(event));
    case 'refund_total':
    case 'dispute':
      return addReturns(purchase, returnsOf(event));
  }
}

/** The purchase with refunds and disputes that an event tells of, or that were told before its payment was. */
export function addReturns(purchase: Purchase, told: Returns): Facts {
  const merged = mergeReturns(purchase, told);
  return merged.ok ? { ok: true, purchase: { ...purchase, ...merged.returns } } : merged;
}

function addCheckout(purchase: Purchase, event: CheckoutEvent): Facts {
  // A discount can only come from our own account; its event still names the agreed price.
  const amountMinor = event.outcome === 'free' ? event.priceMinor : event.payableMinor;
  if (amountMinor !== purchase.amountMinor) return wrongAmount(purchase, amountMinor);
  const bound = withSession(purchase, event.sessionRef);
  if (event.outcome !== 'paid' && event.outcome !== 'free') {
    return { ok: true, purchase: withOutcome(bound, { kind: event.outcome, at: event.at }) };
  }
  return withPayment(bound, {
    ref: event.paymentRef ?? event.sessionRef,
    amountMinor: event.outcome === 'free' ? 0 : amountMinor,
    at: event.at,
  });
}

function addPayment(purchase: Purchase, event: PaymentAttemptEvent): Facts {
  const { paymentRef: ref, sessionRef, outcome, declineReason, amountMinor, at } = event;
  if (amountMinor !== purchase.amountMinor) return wrongAmount(purchase, amountMinor);
  const bound = sessionRef === null ? purchase : withSession(purchase, sessionRef);
  switch (outcome) {
    case 'paid':
      return withPayment(bound, { ref, amountMinor, at });
    case 'unpaid':
      return { ok: true, purchase: withOutcome(bound, { kind: outcome, at }) };
    case 'declined': {
      const declined = withDecline(bound, { at, reason: declineReason });
      // A page takes another card; where nobody was there, nothing follows.
      const isOver = purchase.origin === 'auto_topup';
      return {
        ok: true,
        purchase: isOver ? withOutcome(declined, { kind: 'failed', at }) : declined,
      };
    }
  }
}

/** Of all declined attempts the latest, whichever we hear of last; of two at once any, as long as it is always the same. */
function withDecline(purchase: Purchase, told: NonNullable<Purchase['lastDecline']>): Purchase {
  const { lastDecline: known } = purchase;
  const rankOf = ({ at, reason }: typeof told): string => `${at} ${reason ?? ''}`;
  return known && rankOf(known) >= rankOf(told) ? purchase : { ...purchase, lastDecline: told };
}

/** The purchase whose request knows its refund again, by the name that our own call gave it. */
function withRefundOf(purchase: Purchase, event: RefundEvent): Purchase {
  const { amountMinor, paymentRef, refundKey, refundRef } = event;
  const isAsked = (request: RefundRequest): boolean =>
    request.refundRef === null &&
    request.key === refundKey &&
    request.paymentRef === paymentRef &&
    request.amountMinor === amountMinor;
  const { refundRequests } = purchase;
  if (!refundRequests?.some(isAsked)) return purchase;
  return {
    ...purchase,
    refundRequests: refundRequests.map((request) =>
      isAsked(request) ? { ...request, refundRef } : request,
    ),
  };
}

function wrongAmount(purchase: Purchase, amountMinor: number | null): Facts {
  const detail = `${amountMinor ?? 'nothing'} came, ${purchase.amountMinor} was agreed`;
  return contradiction('WRONG_AMOUNT', detail);
}

function withSession(purchase: Purchase, id: string): Purchase {
  if (purchase.session) return purchase;
  return { ...purchase, session: { id, url: null, expiresAt: null } };
}

function withPayment(purchase: Purchase, payment: Purchase['payments'][number]): Facts {
  const known = purchase.payments.find((other) => other.ref === payment.ref);
  const other = purchase.payments.find(({ ref }) => ref !== payment.ref);
  if (other) {
    const detail = `paid by ${other.ref} already; ${payment.ref} has to be refunded`;
    return contradiction('SECOND_PAYMENT', detail);
  }
  const payments = [{ ...payment, at: earlier(known?.at, payment.at) }];
  return { ok: true, purchase: { ...purchase, payments } };
}

/** The purchase with what became of its checkout short of a payment. */
export function withOutcome(
  purchase: Purchase,
  fact: { readonly kind: PurchaseOutcome; readonly at: string },
): Purchase {
  const known = purchase.outcomes.find((outcome) => outcome.kind === fact.kind);
  const others = purchase.outcomes.filter((outcome) => outcome !== known);
  const outcomes = [...others, { kind: fact.kind, at: earlier(known?.at, fact.at) }];
  return { ...purchase, outcomes: outcomes.toSorted((a, b) => (a.kind < b.kind ? -1 : 1)) };
}

/** Two events may tell one fact at different times: the first counts, whichever we hear of first. */
function earlier(known: string | undefined, told: string): string {
  return known !== undefined && known < told ? known : told;
}

function contradiction(reason: QuarantineReason, detail: string): Facts {
  return { ok: false, reason, detail };
}
