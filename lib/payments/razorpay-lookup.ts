import { isMissing, type RazorpayClient } from '#lib/payments/razorpay-client';
import {
  isOurs,
  razorpayCollection,
  razorpayOrder,
  razorpayPayment,
  razorpayTime,
} from '#lib/payments/razorpay-entities';
import type { LookupAnswer } from '#lib/purchases/payment-lookup';

/**
 * What Razorpay says of an order now, as the fact that its event would tell: the first payment of it that is ours, if
 * any (razorpay.com/docs/api/orders). A second one has its own event, which says that it has to be refunded.
 */
export async function findRazorpayOrder(
  client: RazorpayClient,
  orderId: string,
): Promise<LookupAnswer> {
  const path = `/orders/${orderId}` as const;
  const found = await client.ask({ method: 'GET', path, answer: razorpayOrder });
  if (found.kind === 'refused' && isMissing(found)) return { kind: 'absent' };
  if (found.kind !== 'answered') return found;
  const order = found.value;
  if (order.id !== orderId) return { kind: 'unknown', detail: 'another order came' };
  const answer = await client.ask({
    method: 'GET',
    path: `${path}/payments`,
    answer: razorpayCollection(razorpayPayment),
  });
  if (answer.kind !== 'answered') return answer;
  const [payment] = answer.value.items
    .filter((each) => each.order_id === orderId && isOurs(each))
    .toSorted((one, other) => one.created_at - other.created_at || (one.id < other.id ? -1 : 1));
  if (!payment) return { kind: 'found', event: null };
  return {
    kind: 'found',
    event: {
      kind: 'payment',
      provider: 'razorpay',
      eventId: `lookup_${payment.id}`,
      type: 'lookup',
      at: razorpayTime(payment.created_at),
      claimedPurchaseId: order.receipt,
      currency: payment.currency,
      paymentRef: payment.id,
      sessionRef: orderId,
      outcome: 'paid',
      declineReason: null,
      amountMinor: payment.amount,
    },
  };
}
