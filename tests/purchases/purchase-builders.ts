import type {
  CheckoutEvent,
  DisputeEvent,
  PaymentAttemptEvent,
  RefundEvent,
  RefundTotalEvent,
} from '#lib/payments/payment-event';
import { newPurchase, type Purchase } from '#lib/purchases/purchase';

/** 100 credits for 10.00 USD, begun and nothing else. */
export function purchaseOf(changes: Partial<Purchase> = {}): Purchase {
  const quote = {
    creditType: 'general',
    credits: 100,
    amountMinor: 1_000,
    currency: 'USD',
    packageId: 'starter',
    packageName: 'Starter',
  };
  const attempt = {
    id: 'pur_1',
    userId: 'user-1',
    number: 1,
    provider: 'stripe',
    email: 'ada@example.com',
    fingerprint: 'f',
    createdAt: '2026-11-18T11:00:00.000Z',
  } as const;
  return { ...newPurchase(quote, attempt), ...changes };
}

export function checkoutEventOf(changes: Partial<CheckoutEvent> = {}): CheckoutEvent {
  return {
    kind: 'checkout',
    provider: 'stripe',
    eventId: 'evt_1',
    type: 'checkout.session.completed',
    at: '2026-11-18T11:06:40.000Z',
    sessionRef: 'cs_test_1',
    claimedPurchaseId: 'pur_1',
    paymentRef: 'pi_1',
    outcome: 'paid',
    priceMinor: 1_000,
    payableMinor: 1_000,
    currency: 'USD',
    ...changes,
  };
}

const ofPayment = {
  provider: 'stripe',
  eventId: 'evt_2',
  at: '2026-11-19T08:00:00.000Z',
  claimedPurchaseId: null,
  currency: 'USD',
  paymentRef: 'pi_1',
  sessionRef: null,
} as const;

export function paymentEventOf(changes: Partial<PaymentAttemptEvent> = {}): PaymentAttemptEvent {
  return {
    ...ofPayment,
    kind: 'payment',
    type: 'payment_intent.succeeded',
    outcome: 'paid',
    declineReason: null,
    amountMinor: 1_000,
    ...changes,
  };
}

/** 10.00 on its way back. */
export function refundEventOf(changes: Partial<RefundEvent> = {}): RefundEvent {
  return {
    ...ofPayment,
    kind: 'refund',
    type: 'refund.created',
    refundRef: 're_1',
    refundKey: null,
    amountMinor: 1_000,
    state: 'succeeded',
    ...changes,
  };
}

export function refundTotalEventOf(changes: Partial<RefundTotalEvent> = {}): RefundTotalEvent {
  return {
    ...ofPayment,
    kind: 'refund_total',
    type: 'charge.refunded',
    refundedMinor: 1_000,
    ...changes,
  };
}

export function disputeEventOf(changes: Partial<DisputeEvent> = {}): DisputeEvent {
  return {
    ...ofPayment,
    kind: 'dispute',
    type: 'charge.dispute.created',
    disputeRef: 'dp_1',
    amountMinor: 1_000,
    state: 'open',
    ...changes,
  };
}

/** Every order of a list. */
export function permutationsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((first, index) =>
    permutationsOf(items.toSpliced(index, 1)).map((rest) => [first, ...rest]),
  );
}

/** Each of them once more, at one of the later places: which one goes round with `turn`. */
export function duplicatesOf<T>(order: readonly T[], turn: number): readonly (readonly T[])[] {
  return order.map((twice, first) =>
    order.toSpliced(first + 1 + (turn % (order.length - first)), 0, twice),
  );
}
