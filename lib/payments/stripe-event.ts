import * as z from 'zod';
import { creditType } from '#lib/contract/credit-types';
import { userId } from '#lib/contract/ids';
import type {
  CheckoutOutcome,
  DisputeState,
  PaymentEvent,
  Translation,
} from '#lib/payments/payment-event';
import {
  type Envelope,
  envelopeSchema,
  ignored,
  isoTime,
  quarantine,
  type Read,
  reader,
  unknownStatus,
} from '#lib/payments/stripe-envelope';
import {
  type Charge,
  charge,
  type CheckoutSession,
  checkoutSession,
  type Dispute,
  dispute,
  type PaymentIntent,
  paymentIntent,
  type Refund,
  refund,
  type SetupIntent,
  setupIntent,
  stripeRefundState,
} from '#lib/payments/stripe-objects';
import { subscriptionReaders } from '#lib/payments/stripe-subscription-event';

/**
 * The release of Stripe's API whose shapes we read: that of the SDK's pinned version. Versions of one release only add;
 * another release may move or drop what we rely on (docs.stripe.com/api/versioning).
 */
export const STRIPE_API_RELEASE = 'endive';

/**
 * Every type of event that says something about a purchase or a subscription. The money of a dispute is gone from the moment it is open,
 * so its status alone decides: `funds_withdrawn` tells no more than `created` does, whichever comes first, and is no
 * verdict; `funds_reinstated` follows a verdict that `closed` or `updated` tells as well.
 */
const readers: Readonly<Record<string, Read>> = {
  'checkout.session.completed': sessionReader((session) =>
    session.payment_status === 'unpaid' ? 'unpaid' : settled(session),
  ),
  'checkout.session.async_payment_succeeded': sessionReader(settled),
  'checkout.session.async_payment_failed': sessionReader((session) =>
    session.payment_status === 'unpaid' ? 'failed' : null,
  ),
  'checkout.session.expired': sessionReader((session) =>
    session.payment_status === 'paid' ? null : 'expired',
  ),
  'payment_intent.succeeded': reader(paymentIntent, (event, intent) =>
    intent.status === 'succeeded'
      ? paymentEvent(event, { intent, outcome: 'paid', amountMinor: intent.amount_received })
      : quarantine(event, 'MALFORMED_EVENT', `status is ${intent.status}`),
  ),
  'payment_intent.payment_failed': reader(paymentIntent, (event, intent) =>
    paymentEvent(event, { intent, outcome: 'declined', amountMinor: intent.amount }),
  ),
  'setup_intent.succeeded': reader(setupIntent, savedCard),
  'charge.refunded': reader(charge, refundTotalEvent),
  'refund.created': reader(refund, refundEvent),
  'refund.updated': reader(refund, refundEvent),
  'refund.failed': reader(refund, refundEvent),
  'charge.refund.updated': reader(refund, refundEvent),
  'charge.dispute.created': reader(dispute, disputeEvent),
  'charge.dispute.updated': reader(dispute, disputeEvent),
  'charge.dispute.funds_withdrawn': reader(dispute, disputeEvent),
  'charge.dispute.funds_reinstated': reader(dispute, disputeEvent),
  'charge.dispute.closed': reader(dispute, disputeEvent),
  ...subscriptionReaders,
};

/** What an endpoint has to be told of; whatever else comes means nothing to us. */
export const STRIPE_EVENT_TYPES = Object.keys(readers);

/**
 * Reads a verified Stripe delivery. Whatever is not certainly what Stripe sends for our pinned API version is handed
 * to a person with its reason: a guess here would be somebody's money.
 */
export function translateStripeEvent(delivery: {
  readonly body: string;
  /** Whether this deployment sells for real money. */
  readonly livemode: boolean;
}): Translation {
  const envelope = envelopeSchema.safeParse(parseJson(delivery.body));
  if (!envelope.success) {
    return {
      kind: 'quarantine',
      reason: 'MALFORMED_EVENT',
      eventId: null,
      type: null,
      detail: z.prettifyError(envelope.error),
    };
  }
  const event = envelope.data;
  const read = Object.hasOwn(readers, event.type) ? readers[event.type] : undefined;
  if (!read) return ignored(event);
  if (event.livemode !== delivery.livemode) {
    return quarantine(event, 'WRONG_LIVEMODE', `livemode is ${event.livemode}`);
  }
  const release = event.api_version?.split('.')[1];
  if (release !== STRIPE_API_RELEASE) {
    const version = event.api_version ?? 'absent';
    return quarantine(event, 'WRONG_API_VERSION', `api_version is ${version}`);
  }
  const { livemode } = event.data.object;
  if (livemode !== undefined && livemode !== delivery.livemode) {
    return quarantine(event, 'WRONG_LIVEMODE', `livemode of the object is ${livemode}`);
  }
  return read(event);
}

/** `outcomeOf` is null where the event's type and the session's payment status contradict each other. */
function sessionReader(outcomeOf: (session: CheckoutSession) => CheckoutOutcome | null): Read {
  const ofPayment = reader(checkoutSession, (event, session) => {
    const outcome = outcomeOf(session);
    if (outcome) return checkoutEvent(event, session, outcome);
    const detail = `payment_status is ${session.payment_status}, payment_intent is ${
      session.payment_intent === null ? 'absent' : 'present'
    }`;
    return quarantine(event, 'MALFORMED_EVENT', detail);
  });
  return (event) => {
    // What a page of the others has done is told by its setup intent, or its subscription and invoice.
    const { mode } = event.data.object;
    return mode === 'setup' || mode === 'subscription' ? ignored(event) : ofPayment(event);
  };
}

function savedCard(event: Envelope, intent: SetupIntent): Translation {
  const { customer: customerRef, metadata, payment_method: methodRef } = intent;
  const owner = ownerSchema.safeParse(metadata);
  if (!owner.success || customerRef === null || methodRef === null) return ignored(event);
  const { credit_type: creditType, user_id: user } = owner.data;
  return {
    kind: 'saved_card',
    event: {
      provider: 'stripe',
      eventId: event.id,
      type: event.type,
      at: isoTime(event.created),
      userId: user,
      creditType,
      customerRef,
      methodRef,
    },
  };
}

const ownerSchema = z.object({ user_id: userId, credit_type: creditType });

/** Money that was asked for has a payment behind it: without its id a refund could never be matched. */
function settled(session: CheckoutSession): CheckoutOutcome | null {
  if (session.payment_status === 'no_payment_required') return 'free';
  return session.payment_status === 'paid' && session.payment_intent !== null ? 'paid' : null;
}

function checkoutEvent(
  event: Envelope,
  session: CheckoutSession,
  outcome: CheckoutOutcome,
): Translation {
  return translated({
    kind: 'checkout',
    ...common(event, session),
    at: isoTime(event.created),
    claimedPurchaseId: session.client_reference_id,
    sessionRef: session.id,
    paymentRef: session.payment_intent,
    outcome,
    priceMinor: session.amount_subtotal,
    payableMinor: session.amount_total,
  });
}

function paymentEvent(
  event: Envelope,
  told: {
    readonly intent: PaymentIntent;
    readonly outcome: 'paid' | 'declined';
    readonly amountMinor: number;
  },
): Translation {
  const { intent, outcome, amountMinor } = told;
  return translated({
    kind: 'payment',
    ...common(event, intent),
    at: isoTime(event.created),
    claimedPurchaseId: intent.metadata,
    sessionRef: null,
    paymentRef: intent.id,
    outcome,
    // The coarse code only: what the bank suspects is not for the buyer (docs.stripe.com/declines/codes).
    declineReason: outcome === 'declined' ? intent.last_payment_error : null,
    amountMinor,
  });
}

function refundTotalEvent(event: Envelope, object: Charge): Translation {
  return ofIntent(event, object, (payment) => ({
    kind: 'refund_total',
    ...payment,
    at: isoTime(event.created),
    refundedMinor: object.amount_refunded,
  }));
}

function refundEvent(event: Envelope, object: Refund): Translation {
  const state = stripeRefundState(object.status);
  if (state === null) return unknownStatus(event, object.status);
  return ofIntent(event, object, (payment) => ({
    kind: 'refund',
    ...payment,
    at: isoTime(object.created),
    refundRef: object.id,
    refundKey: object.refundKey,
    amountMinor: object.amount,
    state,
  }));
}

function disputeEvent(event: Envelope, object: Dispute): Translation {
  const state = stateOf(disputeStates, object.status);
  if (state === null) return unknownStatus(event, object.status);
  return ofIntent(event, object, (payment) => ({
    kind: 'dispute',
    ...payment,
    at: isoTime(object.created),
    disputeRef: object.id,
    amountMinor: object.amount,
    state,
  }));
}

/** `prevented` is missing on purpose: with some networks the customer has the money then, with others not. */
const disputeStates: Readonly<Record<string, DisputeState>> = {
  warning_needs_response: 'inquiry',
  warning_under_review: 'inquiry',
  warning_closed: 'inquiry',
  needs_response: 'open',
  under_review: 'open',
  lost: 'lost',
  // The money stays gone while an appeal runs, and comes back only with `won`.
  appeal_needs_response: 'lost',
  appeal_under_review: 'lost',
  won: 'won',
};

function stateOf<S>(states: Readonly<Record<string, S>>, status: string | null): S | null {
  return status !== null && Object.hasOwn(states, status) ? (states[status] ?? null) : null;
}

/** Everything that we sell is paid through payment intents, so money that moved without one is not our business. */
function ofIntent(
  event: Envelope,
  object: Charge | Refund | Dispute,
  eventOf: (payment: ReturnType<typeof common> & ReturnedPayment) => PaymentEvent,
): Translation {
  const { payment_intent: paymentRef, metadata: claimedPurchaseId } = object;
  if (paymentRef === null) return ignored(event);
  const payment = { paymentRef, sessionRef: null, claimedPurchaseId };
  return translated(eventOf({ ...common(event, object), ...payment }));
}

interface ReturnedPayment {
  readonly paymentRef: string;
  readonly sessionRef: null;
  readonly claimedPurchaseId: string | null;
}

function common(event: Envelope, object: { readonly currency: string }) {
  return {
    provider: 'stripe',
    eventId: event.id,
    type: event.type,
    currency: object.currency.toUpperCase(),
  } as const;
}

function translated(event: PaymentEvent): Translation {
  return { kind: 'event', event };
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
