import { createHmac } from 'node:crypto';

/** Made up; Razorpay's dashboard takes any text. */
export const RAZORPAY_WEBHOOK_SECRET = 'a-webhook-secret-of-the-tests';

/** The `X-Razorpay-Signature` header for a body. */
export function razorpaySignature(
  body: string | Uint8Array,
  secret = RAZORPAY_WEBHOOK_SECRET,
): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

type Changes = Readonly<Record<string, unknown>>;

export interface RazorpayEventParts {
  readonly payment?: Changes;
  readonly order?: Changes;
  readonly refund?: Changes;
  readonly dispute?: Changes;
}

/**
 * The body of an event about a payment of 50.00 INR for `order_1` of `pur_1`, with the entities that its type has; any
 * field of them can be set.
 */
export function razorpayEventBody(event: string, parts: RazorpayEventParts = {}): string {
  const isRefund = event.startsWith('refund.');
  const isDispute = event.startsWith('payment.dispute.');
  const paymentStatus = event.startsWith('payment.') && !isDispute ? event.slice(8) : 'captured';
  const entities = {
    payment: {
      id: 'pay_1',
      entity: 'payment',
      amount: 5_000,
      currency: 'INR',
      status: paymentStatus,
      order_id: 'order_1',
      captured: paymentStatus === 'captured',
      amount_refunded: isRefund ? 1_000 : 0,
      notes: [],
      created_at: 1_795_000_000,
      ...parts.payment,
    },
    ...(event === 'order.paid' && {
      order: {
        id: 'order_1',
        entity: 'order',
        amount: 5_000,
        amount_paid: 5_000,
        currency: 'INR',
        receipt: 'pur_1',
        status: 'paid',
        notes: { purchase_id: 'pur_1' },
        created_at: 1_794_999_900,
        ...parts.order,
      },
    }),
    ...(isRefund && {
      refund: {
        id: 'rfnd_1',
        entity: 'refund',
        amount: 1_000,
        currency: 'INR',
        payment_id: 'pay_1',
        notes: [],
        status: event === 'refund.failed' ? 'failed' : 'processed',
        created_at: 1_795_000_600,
        ...parts.refund,
      },
    }),
    ...(isDispute && {
      dispute: {
        id: 'disp_1',
        entity: 'dispute',
        payment_id: 'pay_1',
        amount: 5_000,
        currency: 'INR',
        amount_deducted: 0,
        status: 'open',
        phase: 'chargeback',
        created_at: 1_795_000_700,
        ...parts.dispute,
      },
    }),
  };
  return JSON.stringify({
    entity: 'event',
    account_id: 'acc_1',
    event,
    contains: Object.keys(entities),
    payload: Object.fromEntries(
      Object.entries(entities).map(([name, entity]) => [name, { entity }]),
    ),
    created_at: 1_795_000_001,
  });
}
