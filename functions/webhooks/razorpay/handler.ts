import type { ReceiverEvent } from '#functions/webhooks/receive-delivery';
import { receiveEvent } from '#functions/webhooks/razorpay/receive-event';
import { createLog } from '#lib/http/log';
import { invariant } from '#lib/invariant';
import { createQueue } from '#lib/messaging/queue';
import { createSecretReader } from '#lib/secrets/secret-reader';

const { FULFILLMENT_QUEUE_URL: queueUrl, RAZORPAY_WEBHOOK_SECRET_ARN: secretArn } = process.env;
invariant(queueUrl && secretArn, 'the stack names queue and secret');

const dependencies = {
  queue: createQueue(queueUrl),
  secret: createSecretReader({ arn: secretArn, nowMs: () => Date.now() }),
  now: () => new Date(),
  log: createLog(),
};

/** Behind a function URL that anyone can reach: Razorpay's signature is the only way in. */
export async function handler(event: ReceiverEvent) {
  return receiveEvent(dependencies, event);
}
