import * as z from 'zod';
import type { CheckoutEvent, CheckoutOutcome } from '#lib/payments/payment-event';
import { askStripe, type StripeAccount } from '#lib/payments/stripe-client';
import { checkoutSession, isSlowPaymentOver, paidAtOf } from '#lib/payments/stripe-objects';
import type { LookupAnswer } from '#lib/purchases/payment-lookup';

const foundSession = checkoutSession.extend({ status: z.enum(['open', 'complete', 'expired']) });
type FoundSession = z.output<typeof foundSession>;

/** What Stripe says of a Checkout Session now, as the fact that its event would tell (docs.stripe.com/api/checkout). */
export async function findStripeSession(
  account: StripeAccount,
  sought: { readonly sessionId: string; readonly now: string },
): Promise<LookupAnswer> {
  const { now, sessionId } = sought;
  const answer = await askStripe(account, (stripe) =>
    stripe.checkout.sessions.retrieve(sessionId, { expand: ['payment_intent.latest_charge'] }),
  );
  if (answer.kind === 'refused' && answer.status === 404) return { kind: 'absent' };
  if (answer.kind !== 'answered') return answer;
  const parsed = foundSession.safeParse(answer.value);
  if (!parsed.success || parsed.data.id !== sessionId) {
    return { kind: 'unknown', detail: 'the answer is not the Checkout Session' };
  }
  const session = parsed.data;
  if (session.livemode !== account.livemode) {
    return { kind: 'refused', detail: 'the session is of the other mode' };
  }
  const outcome = isSlowPaymentOver(answer.value) ? 'failed' : outcomeOf(session);
  if (outcome === null) return { kind: 'found', event: null };
  const paidAt = paidAtOf(answer.value);
  const at = paidAt === null ? now : isoTime(paidAt);
  return { kind: 'found', event: eventOf(session, { outcome, at }) };
}

/** Null while nobody has completed it. */
function outcomeOf(session: FoundSession): CheckoutOutcome | null {
  if (session.status === 'expired') return 'expired';
  if (session.status === 'open') return null;
  if (session.payment_status === 'no_payment_required') return 'free';
  // Money that was asked for has a payment behind it: without its id a refund could never be matched.
  return session.payment_status === 'paid' && session.payment_intent !== null ? 'paid' : 'unpaid';
}

function eventOf(
  session: FoundSession,
  told: { readonly outcome: CheckoutOutcome; readonly at: string },
): CheckoutEvent {
  return {
    kind: 'checkout',
    provider: 'stripe',
    eventId: `lookup_${session.id}`,
    type: 'lookup',
    currency: session.currency.toUpperCase(),
    claimedPurchaseId: session.client_reference_id,
    sessionRef: session.id,
    paymentRef: session.payment_intent,
    priceMinor: session.amount_subtotal,
    payableMinor: session.amount_total,
    ...told,
  };
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
