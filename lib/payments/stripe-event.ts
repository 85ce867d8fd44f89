import * as z from 'zod';
import type {
  CheckoutEvent,
  CheckoutOutcome,
  QuarantineReason,
  Translation,
} from '#lib/payments/payment-event';

/**
 * The release of Stripe's API whose shapes we read: that of the SDK's pinned version. Versions of one release only add;
 * another release may move or drop what we rely on (docs.stripe.com/api/versioning).
 */
export const STRIPE_API_RELEASE = 'endive';

/** Stripe's ids are letters, digits and underscores; the table's keys hold no others. */
const stripeId = z.string().regex(/^[A-Za-z0-9_-]{1,255}$/);
const unixSeconds = z.int().min(0).max(253_402_300_799);
const amount = z.int().min(0);

const envelopeSchema = z.object({
  id: stripeId,
  object: z.literal('event'),
  type: z.string().min(1).max(100),
  api_version: z.string().nullable().optional(),
  created: unixSeconds,
  livemode: z.boolean(),
  data: z.object({ object: z.looseObject({}) }),
});
type Envelope = z.infer<typeof envelopeSchema>;

const sessionSchema = z.object({
  id: stripeId,
  object: z.literal('checkout.session'),
  livemode: z.boolean(),
  mode: z.literal('payment'),
  client_reference_id: z.string().nullable(),
  payment_intent: z.union([stripeId, z.object({ id: stripeId })]).nullable(),
  payment_status: z.enum(['paid', 'unpaid', 'no_payment_required']),
  amount_subtotal: amount.nullable(),
  amount_total: amount,
  currency: z.string().regex(/^[a-z]{3}$/),
});
type Session = z.infer<typeof sessionSchema>;

/** What each event type says about its session; null where type and payment status contradict each other. */
const checkoutOutcomes: Readonly<Record<string, (session: Session) => CheckoutOutcome | null>> = {
  'checkout.session.completed': (session) =>
    session.payment_status === 'unpaid' ? 'unpaid' : settled(session),
  'checkout.session.async_payment_succeeded': settled,
  'checkout.session.async_payment_failed': (session) =>
    session.payment_status === 'unpaid' ? 'failed' : null,
  'checkout.session.expired': (session) => (session.payment_status === 'paid' ? null : 'expired'),
};

/**
 * Reads a verified Stripe delivery. Whatever is not certainly what Stripe sends for our pinned API version is handed
 * to a person with its reason: a guess here would be somebody's money.
 */
export function translateStripeEvent(delivery: {
  readonly body: string;
  /** Whether this deployment sells for real money. */
  readonly livemode: boolean;
}): Translation<CheckoutEvent> {
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
  const outcomeOf = Object.hasOwn(checkoutOutcomes, event.type)
    ? checkoutOutcomes[event.type]
    : undefined;
  if (!outcomeOf) return { kind: 'ignored', eventId: event.id, type: event.type };
  return translateCheckout(event, { outcomeOf, livemode: delivery.livemode });
}

function translateCheckout(
  event: Envelope,
  how: {
    readonly outcomeOf: (session: Session) => CheckoutOutcome | null;
    readonly livemode: boolean;
  },
): Translation<CheckoutEvent> {
  if (event.livemode !== how.livemode) {
    return quarantine(event, 'WRONG_LIVEMODE', `livemode is ${event.livemode}`);
  }
  const release = event.api_version?.split('.')[1];
  if (release !== STRIPE_API_RELEASE) {
    return quarantine(
      event,
      'WRONG_API_VERSION',
      `api_version is ${event.api_version ?? 'absent'}`,
    );
  }
  const parsed = sessionSchema.safeParse(event.data.object);
  if (!parsed.success) return quarantine(event, 'MALFORMED_EVENT', z.prettifyError(parsed.error));
  const session = parsed.data;
  if (session.livemode !== how.livemode) {
    return quarantine(event, 'WRONG_LIVEMODE', `livemode of the session is ${session.livemode}`);
  }
  const outcome = how.outcomeOf(session);
  if (!outcome) {
    const detail = `payment_status is ${session.payment_status}, payment_intent is ${
      session.payment_intent === null ? 'absent' : 'present'
    }`;
    return quarantine(event, 'MALFORMED_EVENT', detail);
  }
  return { kind: 'event', event: checkoutEvent(event, session, outcome) };
}

/** Money that was asked for has a payment behind it: without its id a refund could never be matched. */
function settled(session: Session): CheckoutOutcome | null {
  if (session.payment_status === 'no_payment_required') return 'free';
  return session.payment_status === 'paid' && session.payment_intent !== null ? 'paid' : null;
}

function checkoutEvent(event: Envelope, session: Session, outcome: CheckoutOutcome): CheckoutEvent {
  const intent = session.payment_intent;
  return {
    kind: 'checkout',
    provider: 'stripe',
    eventId: event.id,
    type: event.type,
    at: isoTime(event.created),
    sessionRef: session.id,
    claimedPurchaseId: session.client_reference_id,
    paymentRef: typeof intent === 'string' ? intent : (intent?.id ?? null),
    outcome,
    priceMinor: session.amount_subtotal,
    payableMinor: session.amount_total,
    currency: session.currency.toUpperCase(),
  };
}

function quarantine(
  event: Envelope,
  reason: QuarantineReason,
  detail: string,
): Translation<CheckoutEvent> {
  return { kind: 'quarantine', reason, eventId: event.id, type: event.type, detail };
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

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
