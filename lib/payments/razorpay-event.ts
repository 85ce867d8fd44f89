import * as z from 'zod';
import type {
  DisputeState,
  PaymentAttemptEvent,
  PaymentEvent,
  QuarantineReason,
  Translation,
} from '#lib/payments/payment-event';
import {
  type RazorpayDispute,
  razorpayDispute,
  razorpayOrder,
  isOurs,
  type RazorpayPayment,
  razorpayPayment,
  razorpayRefund,
  razorpayTime,
} from '#lib/payments/razorpay-entities';
import { razorpayRefundState } from '#lib/payments/razorpay-refunds';

const envelopeSchema = z.object({
  entity: z.literal('event'),
  event: z.string().min(1).max(100),
  payload: z.looseObject({}),
});

/** A delivery whose type is known; `id` is the header `x-razorpay-event-id`, because no body names its event. */
interface Delivery {
  readonly id: string;
  readonly type: string;
  readonly payload: object;
}

type Translate = (delivery: Delivery) => Translation;

const translations: Readonly<Record<string, Translate>> = {
  'order.paid': translateOrderPaid,
  'payment.authorized': (delivery) => translatePayment(delivery, 'unpaid'),
  'payment.captured': (delivery) => translatePayment(delivery, 'paid'),
  'payment.failed': (delivery) => translatePayment(delivery, 'declined'),
  'refund.created': translateRefund,
  'refund.processed': translateRefund,
  'refund.failed': translateRefund,
  'refund.speed_changed': translateRefund,
  'payment.dispute.created': translateDispute,
  'payment.dispute.action_required': translateDispute,
  'payment.dispute.under_review': translateDispute,
  'payment.dispute.won': translateDispute,
  'payment.dispute.lost': translateDispute,
  'payment.dispute.closed': translateDispute,
};

/** What a webhook has to be told of; whatever else comes means nothing to us. */
export const RAZORPAY_EVENT_TYPES = Object.keys(translations);

/**
 * Reads a verified Razorpay delivery (razorpay.com/docs/webhooks). Whatever is not certainly what Razorpay sends is
 * handed to a person with its reason: a guess here would be somebody's money.
 */
export function translateRazorpayEvent(delivery: {
  readonly body: string;
  /** What the receiver took from the header, or made of the body. */
  readonly eventId: string;
}): Translation {
  const envelope = envelopeSchema.safeParse(parseJson(delivery.body));
  if (!envelope.success) {
    return {
      kind: 'quarantine',
      reason: 'MALFORMED_EVENT',
      eventId: delivery.eventId,
      type: null,
      detail: z.prettifyError(envelope.error),
    };
  }
  const { event: type, payload } = envelope.data;
  const known = Object.hasOwn(translations, type) ? translations[type] : undefined;
  if (!known) return { kind: 'ignored', eventId: delivery.eventId, type };
  return known({ id: delivery.eventId, type, payload });
}

const paymentPayload = z.object({ payment: z.object({ entity: razorpayPayment }) });
const orderPayload = paymentPayload.extend({ order: z.object({ entity: razorpayOrder }) });
const refundPayload = paymentPayload.extend({ refund: z.object({ entity: razorpayRefund }) });
const disputePayload = z.object({
  dispute: z.object({ entity: razorpayDispute }),
  payment: z.object({ entity: razorpayPayment.pick({ order_id: true }) }).optional(),
});

function translateOrderPaid(delivery: Delivery): Translation {
  const parsed = orderPayload.safeParse(delivery.payload);
  if (!parsed.success) return malformed(delivery, z.prettifyError(parsed.error));
  const payment = parsed.data.payment.entity;
  const order = parsed.data.order.entity;
  if (payment.order_id !== order.id) {
    return malformed(delivery, `${payment.id} is of ${payment.order_id ?? 'no order'}`);
  }
  if (!isOurs(payment)) return malformed(delivery, `${payment.id} is ${payment.status}`);
  return told(attemptEvent(delivery, { payment, outcome: 'paid', receipt: order.receipt }));
}

/** An event is a snapshot of its sending: a payment that is captured by then is ours, whatever the event began as. */
function translatePayment(
  delivery: Delivery,
  outcome: PaymentAttemptEvent['outcome'],
): Translation {
  const parsed = paymentPayload.safeParse(delivery.payload);
  if (!parsed.success) return malformed(delivery, z.prettifyError(parsed.error));
  const payment = parsed.data.payment.entity;
  if (outcome === 'paid' && !isOurs(payment)) {
    return malformed(delivery, `${payment.id} is ${payment.status}`);
  }
  const seen = isOurs(payment) ? 'paid' : outcome;
  return told(attemptEvent(delivery, { payment, outcome: seen, receipt: null }));
}

function translateRefund(delivery: Delivery): Translation {
  const parsed = refundPayload.safeParse(delivery.payload);
  if (!parsed.success) return malformed(delivery, z.prettifyError(parsed.error));
  const payment = parsed.data.payment.entity;
  const refund = parsed.data.refund.entity;
  if (refund.payment_id !== payment.id) {
    return malformed(delivery, `${refund.id} is of ${refund.payment_id}, not of ${payment.id}`);
  }
  // Razorpay gave back what nobody had captured: it never was ours, so nothing was credited for it.
  if (!payment.captured) return { kind: 'ignored', eventId: delivery.id, type: delivery.type };
  const state = razorpayRefundState(refund);
  if (!state) return quarantine(delivery, 'UNKNOWN_STATUS', `${refund.id} is ${refund.status}`);
  return told({
    ...sourceOf(delivery),
    kind: 'refund',
    at: razorpayTime(refund.created_at),
    claimedPurchaseId: null,
    currency: refund.currency,
    paymentRef: payment.id,
    sessionRef: payment.order_id,
    refundRef: refund.id,
    refundKey: refund.receipt,
    amountMinor: refund.amount,
    state,
  });
}

function translateDispute(delivery: Delivery): Translation {
  const parsed = disputePayload.safeParse(delivery.payload);
  if (!parsed.success) return malformed(delivery, z.prettifyError(parsed.error));
  const dispute = parsed.data.dispute.entity;
  const state = disputeState(dispute);
  if (!state) {
    const detail = `${dispute.id} is ${dispute.status} in phase ${dispute.phase}`;
    return quarantine(delivery, 'UNKNOWN_STATUS', detail);
  }
  return told({
    ...sourceOf(delivery),
    kind: 'dispute',
    at: razorpayTime(dispute.created_at),
    claimedPurchaseId: null,
    currency: dispute.currency,
    paymentRef: dispute.payment_id,
    sessionRef: parsed.data.payment?.entity.order_id ?? null,
    disputeRef: dispute.id,
    amountMinor: dispute.amount,
    state,
  });
}

/** Whether money is at stake in a phase, or only questions are asked (razorpay.com/docs/payments/disputes). */
const PHASES_AT_STAKE: Readonly<Record<string, boolean>> = {
  fraud: false,
  retrieval: false,
  chargeback: true,
  pre_arbitration: true,
  arbitration: true,
};

function disputeState(dispute: RazorpayDispute): DisputeState | null {
  const isAtStake = Object.hasOwn(PHASES_AT_STAKE, dispute.phase)
    ? PHASES_AT_STAKE[dispute.phase]
    : undefined;
  switch (dispute.status) {
    case 'won':
    case 'lost':
      return dispute.status;
    case 'open':
    case 'under_review':
      if (isAtStake === undefined) return null;
      return isAtStake ? 'open' : 'inquiry';
    case 'closed':
      // Closed is how questions end, and how a chargeback ends that took nothing in the end.
      if (dispute.amount_deducted > 0) return 'lost';
      if (isAtStake === undefined) return null;
      return isAtStake ? 'won' : 'inquiry';
    default:
      return null;
  }
}

function attemptEvent(
  delivery: Delivery,
  about: {
    readonly payment: RazorpayPayment;
    readonly outcome: PaymentAttemptEvent['outcome'];
    /** What our own call named the order after: the purchase. */
    readonly receipt: string | null;
  },
): PaymentAttemptEvent {
  const { outcome, payment, receipt } = about;
  return {
    ...sourceOf(delivery),
    kind: 'payment',
    // The payment's own time, equal in all events about it and in the answer to verify-payment.
    at: razorpayTime(payment.created_at),
    claimedPurchaseId: receipt,
    currency: payment.currency,
    paymentRef: payment.id,
    sessionRef: payment.order_id,
    outcome,
    declineReason: outcome === 'declined' ? payment.error_reason : null,
    amountMinor: payment.amount,
  };
}

function sourceOf(delivery: Delivery) {
  return { provider: 'razorpay', eventId: delivery.id, type: delivery.type } as const;
}

function told(event: PaymentEvent): Translation {
  return { kind: 'event', event };
}

function malformed(delivery: Delivery, detail: string): Translation {
  return quarantine(delivery, 'MALFORMED_EVENT', detail);
}

function quarantine(delivery: Delivery, reason: QuarantineReason, detail: string): Translation {
  return { kind: 'quarantine', reason, eventId: delivery.id, type: delivery.type, detail };
}

/** Undefined where it is not JSON, which no schema takes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
