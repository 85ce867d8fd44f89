import { invariant } from '#lib/invariant';
import type { PaymentProvider, Translation } from '#lib/payments/payment-event';
import { translateRazorpayEvent } from '#lib/payments/razorpay-event';
import { translateStripeEvent } from '#lib/payments/stripe-event';

/** Reads a verified delivery of either provider: the one way from a body to facts, the first time and any later one. */
export function translateProviderEvent(delivery: {
  readonly provider: PaymentProvider;
  /** Null where the body itself names the event. */
  readonly eventId: string | null;
  readonly body: string;
  /** Whether this deployment sells for real money. */
  readonly livemode: boolean;
}): Translation {
  const { body, eventId, livemode, provider } = delivery;
  switch (provider) {
    case 'stripe':
      return translateStripeEvent({ body, livemode });
    case 'razorpay':
      // Its bodies say neither their event nor whether they are of test mode: its webhooks are of one mode each.
      invariant(eventId !== null, 'the receiver names every Razorpay event');
      return translateRazorpayEvent({ body, eventId });
  }
}
