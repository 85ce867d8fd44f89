import {
  receiveDelivery,
  type Receiver,
  type ReceiverDependencies,
  type ReceiverEvent,
} from '#functions/webhooks/receive-delivery';
import { verifyStripeSignature } from '#lib/payments/stripe-signature';

const stripe: Receiver = {
  provider: 'stripe',
  verify: ({ headers, ...delivery }) =>
    verifyStripeSignature({ ...delivery, header: headers['stripe-signature'] ?? '' }),
};

/** One delivery of Stripe. */
export async function receiveEvent(deps: ReceiverDependencies, event: ReceiverEvent) {
  return receiveDelivery(deps, stripe, event);
}
