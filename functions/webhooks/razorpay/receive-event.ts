import {
  receiveDelivery,
  type Receiver,
  type ReceiverDependencies,
  type ReceiverEvent,
} from '#functions/webhooks/receive-delivery';
import { razorpayEventId } from '#lib/payments/razorpay-event-id';
import { verifyRazorpayWebhook } from '#lib/payments/razorpay-signature';

const razorpay: Receiver = {
  provider: 'razorpay',
  verify: ({ headers, ...delivery }) =>
    verifyRazorpayWebhook({ ...delivery, signature: headers['x-razorpay-signature'] ?? '' }),
  eventId: ({ headers, body }) => razorpayEventId({ header: headers['x-razorpay-event-id'], body }),
};

/** One delivery of Razorpay. */
export async function receiveEvent(deps: ReceiverDependencies, event: ReceiverEvent) {
  return receiveDelivery(deps, razorpay, event);
}
