import { receiveEvent, type ReceiverEvent } from '#functions/webhooks/stripe/receive-event';
import { createLog } from '#lib/http/log';
import { requireVariable } from '#lib/http/runtime';
import { createQueue } from '#lib/messaging/queue';
import { createSecretReader } from '#lib/secrets/secret-reader';

const dependencies = {
  queue: createQueue(requireVariable(process.env, 'FULFILLMENT_QUEUE_URL')),
  secret: createSecretReader({
    arn: requireVariable(process.env, 'STRIPE_WEBHOOK_SECRET_ARN'),
    nowMs: () => Date.now(),
  }),
  now: () => new Date(),
  log: createLog(),
};

/** Behind a function URL that anyone can reach: Stripe's signature is the only way in. */
export async function handler(event: ReceiverEvent) {
  return receiveEvent(dependencies, event);
}
