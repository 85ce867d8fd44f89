import * as z from 'zod';
import type { RefundState } from '#lib/payments/payment-event';

/*
 * What we read of Stripe's objects, in the shapes of the pinned API release. Statuses are open text here: what one
 * means is decided where it is translated, so that a new one is told apart from a broken object.
 */

/** Stripe's ids are letters, digits and underscores; the table's keys hold no others. */
export const stripeId = z.string().regex(/^[A-Za-z0-9_-]{1,255}$/);
export const unixSeconds = z.int().min(0).max(253_402_300_799);
const amount = z.int().min(0);
const currency = z.string().regex(/^[a-z]{3}$/);

/** An id, or the object itself where the endpoint expands it. */
const reference = z
  .union([stripeId, z.object({ id: stripeId })])
  .transform((object) => (typeof object === 'string' ? object : object.id));
/** The same; null for money that no payment intent moved. */
const optionalReference = reference.nullable();

const ourMetadata = z
  .looseObject({ purchase_id: z.string().optional(), refund_key: z.string().optional() })
  .nullable();
/** Our own calls put the purchase there, and charges inherit it from their payment intent. */
const metadata = ourMetadata.transform((data) => data?.purchase_id ?? null);
/** Our own calls put the user there. */
const ownerMetadata = z
  .looseObject({ user_id: z.string().optional() })
  .nullable()
  .transform((data) => data?.user_id ?? null);
/** Why the last attempt came to nothing, as its code; whatever else comes there is no reason to lose the event. */
const lastError = z
  .object({ code: z.string().max(100) })
  .nullable()
  .transform((error) => error?.code ?? null)
  .catch(null);

export const checkoutSession = z.object({
  id: stripeId,
  object: z.literal('checkout.session'),
  livemode: z.boolean(),
  mode: z.literal('payment'),
  client_reference_id: z.string().nullable(),
  payment_intent: optionalReference,
  payment_status: z.enum(['paid', 'unpaid', 'no_payment_required']),
  amount_subtotal: amount.nullable(),
  amount_total: amount,
  currency,
});
export type CheckoutSession = z.output<typeof checkoutSession>;

/** A session with its payment, as our own questions ask for it. */
const payingSession = z.object({
  status: z.string(),
  payment_status: z.string(),
  payment_intent: z.object({
    status: z.string(),
    latest_charge: z.object({ created: unixSeconds }).nullable().catch(null),
  }),
});

/** When a session's money was taken, where it is shown with its payment; in seconds. */
export function paidAtOf(session: unknown): number | null {
  const parsed = payingSession.safeParse(session);
  return parsed.success ? (parsed.data.payment_intent.latest_charge?.created ?? null) : null;
}

/**
 * Whether a slow payment has come to nothing: its session stays complete and unpaid for ever, and only the payment
 * behind it says that nobody waits any more (docs.stripe.com/payments/paymentintents/lifecycle).
 */
export function isSlowPaymentOver(session: unknown): boolean {
  const parsed = payingSession.safeParse(session);
  if (!parsed.success) return false;
  const { payment_intent: payment, payment_status, status } = parsed.data;
  // An open page takes another card.
  if (status !== 'complete' || payment_status !== 'unpaid') return false;
  return ['requires_payment_method', 'canceled'].includes(payment.status);
}

export const paymentIntent = z.object({
  id: stripeId,
  object: z.literal('payment_intent'),
  livemode: z.boolean(),
  amount,
  amount_received: amount,
  currency,
  metadata,
  last_payment_error: lastError,
  status: z.string(),
});
export type PaymentIntent = z.output<typeof paymentIntent>;

/**
 * The event that tells what came of a saved card's charge, by the status of its intent; of others nothing is known yet.
 * Cancelled is as good as declined: nobody can pay it any more.
 */
export const CHARGE_EVENTS: Readonly<Partial<Record<string, string>>> = {
  succeeded: 'payment_intent.succeeded',
  requires_payment_method: 'payment_intent.payment_failed',
  canceled: 'payment_intent.payment_failed',
};

/** Only those that our own calls opened say whose card they save. */
export const setupIntent = z.object({
  id: stripeId,
  object: z.literal('setup_intent'),
  livemode: z.boolean(),
  customer: optionalReference,
  payment_method: optionalReference,
  metadata: z
    .looseObject({ user_id: z.string().optional(), credit_type: z.string().optional() })
    .nullable(),
});
export type SetupIntent = z.output<typeof setupIntent>;

export const charge = z.object({
  id: stripeId,
  object: z.literal('charge'),
  livemode: z.boolean(),
  amount_refunded: amount,
  currency,
  metadata,
  payment_intent: optionalReference,
});
export type Charge = z.output<typeof charge>;

/** A refund says nothing of its mode: its event does. */
export const refund = z
  .object({
    id: stripeId,
    object: z.literal('refund'),
    amount,
    created: unixSeconds,
    currency,
    metadata: ourMetadata,
    payment_intent: optionalReference,
    status: z.string().nullable(),
  })
  .transform(({ metadata: data, ...object }) => ({
    ...object,
    metadata: data?.purchase_id ?? null,
    refundKey: data?.refund_key ?? null,
  }));
export type Refund = z.output<typeof refund>;

const refundStates: Readonly<Record<string, RefundState>> = {
  pending: 'pending',
  // The customer has to say where the money should go; it has left our reach all the same.
  requires_action: 'pending',
  succeeded: 'succeeded',
  failed: 'failed',
  canceled: 'failed',
};

/** What a refund's status means; null where its meaning is not known. */
export function stripeRefundState(status: string | null): RefundState | null {
  return status !== null && Object.hasOwn(refundStates, status)
    ? (refundStates[status] ?? null)
    : null;
}

export const dispute = z.object({
  id: stripeId,
  object: z.literal('dispute'),
  livemode: z.boolean(),
  amount,
  created: unixSeconds,
  currency,
  metadata,
  payment_intent: optionalReference,
  status: z.string(),
});
export type Dispute = z.output<typeof dispute>;

/** Where a subscription's period stands since 2025-03-31: in its items, not in the subscription. */
const subscriptionItem = z.object({
  id: stripeId,
  price: z.object({ id: stripeId }),
  current_period_start: unixSeconds,
  current_period_end: unixSeconds,
});

/**
 * A downgrade bills its cheaper price from now on, without an invoice for it, so that no renewal can miss it. What is
 * paid for until then stands beside it: names and values of `stripe-subscriptions.ts`. An empty value is none.
 */
const subscriptionMetadata = z
  .looseObject({
    paid_tier: z.string().optional(),
    paid_until: z.string().optional(),
    user_id: z.string().optional(),
  })
  .nullable();

function paidForOf(data: z.output<typeof subscriptionMetadata>) {
  const tier = data?.paid_tier ?? '';
  const until = unixSeconds.safeParse(Number(data?.paid_until ?? ''));
  return tier !== '' && until.success ? { tier, until: until.data } : null;
}

export const subscription = z
  .object({
    id: stripeId,
    object: z.literal('subscription'),
    livemode: z.boolean(),
    customer: reference,
    status: z.string(),
    currency,
    billing_cycle_anchor: unixSeconds,
    cancel_at: unixSeconds.nullable(),
    cancel_at_period_end: z.boolean(),
    cancellation_details: z
      .object({ comment: z.string().nullable(), reason: z.string().nullable() })
      .nullable(),
    ended_at: unixSeconds.nullable(),
    items: z.object({ data: z.array(subscriptionItem).min(1) }),
    metadata: subscriptionMetadata,
  })
  .transform(({ metadata: data, ...object }) => ({
    ...object,
    metadata: data?.user_id ?? null,
    paidFor: paidForOf(data),
  }));
export type StripeSubscription = z.output<typeof subscription>;

const prorated = z.object({ proration: z.boolean() });
/** Its price stands in `pricing` since 2025-03-31; a line without one was written by hand. */
const invoiceLine = z.object({
  amount: z.int(),
  parent: z
    .object({
      invoice_item_details: prorated.nullable(),
      subscription_item_details: prorated.extend({ subscription_item: stripeId }).nullable(),
    })
    .nullable(),
  period: z.object({ start: unixSeconds, end: unixSeconds }),
  pricing: z
    .object({ price_details: z.object({ price: reference }).optional() })
    .nullable()
    .transform((pricing) => pricing?.price_details?.price ?? null),
});

/** What it belongs to stands in its parent since 2025-03-31, and not in the invoice itself. */
export const invoice = z.object({
  id: stripeId,
  object: z.literal('invoice'),
  livemode: z.boolean(),
  amount_due: amount,
  amount_paid: amount,
  billing_reason: z.string().nullable(),
  currency,
  customer: optionalReference,
  lines: z.object({ data: z.array(invoiceLine) }),
  next_payment_attempt: unixSeconds.nullable(),
  parent: z
    .object({
      subscription_details: z
        .object({ metadata: ownerMetadata, subscription: reference })
        .nullable(),
    })
    .nullable()
    .transform((parent) => parent?.subscription_details ?? null),
  status: z.string().nullable(),
});
export type Invoice = z.output<typeof invoice>;
