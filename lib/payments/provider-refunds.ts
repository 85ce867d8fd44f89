import { outcomeOf } from '#lib/payments/outcome';
import type { RazorpayClient } from '#lib/payments/razorpay-client';
import { razorpayTime } from '#lib/payments/razorpay-entities';
import { razorpayRefundState, refundRazorpayPayment } from '#lib/payments/razorpay-refunds';
import { askStripe, type StripeAccount } from '#lib/payments/stripe-client';
import { refund as stripeRefund, stripeRefundState } from '#lib/payments/stripe-objects';
import type { RefundAnswer, RefundOrder, RefundProvider } from '#lib/purchases/refund-provider';

/** Gives money back through whoever took it; a status that we do not know leaves the outcome open. */
export function createProviderRefunds(accounts: {
  readonly stripe: StripeAccount;
  readonly razorpay: RazorpayClient;
}): RefundProvider {
  return {
    refund: async (order) =>
      order.provider === 'stripe'
        ? refundAtStripe(accounts.stripe, order)
        : refundAtRazorpay(accounts.razorpay, order),
  };
}

async function refundAtStripe(account: StripeAccount, order: RefundOrder): Promise<RefundAnswer> {
  const { amountMinor, currency, paymentRef, purchaseId, refundKey } = order;
  const answer = await askStripe(account, (stripe) =>
    stripe.refunds.create(
      {
        payment_intent: paymentRef,
        amount: amountMinor,
        metadata: { purchase_id: purchaseId, refund_key: refundKey },
      },
      { idempotencyKey: `purchase:${purchaseId}:refund:${refundKey}` },
    ),
  );
  if (answer.kind !== 'answered') return outcomeOf(answer);
  const parsed = stripeRefund.safeParse(answer.value);
  if (!parsed.success) return { kind: 'unknown', detail: 'the answer is no refund' };
  const { amount, created, id, payment_intent, status, ...refund } = parsed.data;
  const isAsked =
    amount === amountMinor &&
    payment_intent === paymentRef &&
    refund.currency === currency.toLowerCase();
  if (!isAsked) return { kind: 'unknown', detail: 'another refund came' };
  const state = stripeRefundState(status);
  if (state === null) return { kind: 'unknown', detail: `${id} is ${status ?? 'of no status'}` };
  return { kind: 'made', refundRef: id, state, at: new Date(created * 1000).toISOString() };
}

async function refundAtRazorpay(client: RazorpayClient, order: RefundOrder): Promise<RefundAnswer> {
  const { amountMinor, paymentRef, purchaseId, refundKey } = order;
  const request = { paymentId: paymentRef, amountMinor, refundKey, purchaseId };
  const answer = await refundRazorpayPayment(client, request);
  if (answer.kind !== 'answered') return outcomeOf(answer);
  const { created_at, currency, id, status } = answer.value;
  if (currency !== order.currency) return { kind: 'unknown', detail: 'another refund came' };
  const state = razorpayRefundState({ status });
  if (state === null) return { kind: 'unknown', detail: `${id} is ${status}` };
  return { kind: 'made', refundRef: id, state, at: razorpayTime(created_at) };
}
