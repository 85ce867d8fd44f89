import { invariant } from '#lib/invariant';
import type { RefundState } from '#lib/payments/payment-event';
import type { RazorpayAnswer, RazorpayClient } from '#lib/payments/razorpay-client';
import { type RazorpayRefund, razorpayRefund } from '#lib/payments/razorpay-entities';

export interface RazorpayRefundRequest {
  readonly paymentId: string;
  readonly amountMinor: number;
  /**
   * Equal in every repetition of this refund and in nothing else, 10 to 40 letters, digits, "-" or "_": Razorpay
   * answers a repetition with the first refund, so that no lost answer gives money back twice.
   */
  readonly refundKey: string;
  readonly purchaseId: string;
}

/** Asks Razorpay to give a part or all of a captured payment back (razorpay.com/docs/api/refunds). */
export async function refundRazorpayPayment(
  client: RazorpayClient,
  request: RazorpayRefundRequest,
): Promise<RazorpayAnswer<RazorpayRefund>> {
  const { amountMinor, paymentId, purchaseId, refundKey } = request;
  invariant(/^[A-Za-z0-9_-]{10,40}$/.test(refundKey), 'a refund key is what Razorpay takes');
  const answer = await client.ask({
    method: 'POST',
    path: `/payments/${paymentId}/refund`,
    headers: { 'x-refund-idempotency': refundKey },
    body: {
      amount: amountMinor,
      speed: 'normal',
      receipt: refundKey,
      notes: { purchase_id: purchaseId },
    },
    answer: razorpayRefund,
  });
  // The key was used, by a call that asked for it in other words: what came of that one is open.
  if (answer.kind === 'refused' && /idempoten/i.test(answer.detail)) {
    return { kind: 'unknown', detail: answer.detail };
  }
  if (answer.kind !== 'answered') return answer;
  const { amount, payment_id } = answer.value;
  const isAsked = amount === amountMinor && payment_id === paymentId;
  return isAsked ? answer : { kind: 'unknown', detail: 'another refund came' };
}

const STATES: Readonly<Record<string, RefundState>> = {
  pending: 'pending',
  processed: 'succeeded',
  failed: 'failed',
};

/** What a refund's status means; null where its meaning is not known. */
export function razorpayRefundState(refund: Pick<RazorpayRefund, 'status'>): RefundState | null {
  return Object.hasOwn(STATES, refund.status) ? (STATES[refund.status] ?? null) : null;
}
