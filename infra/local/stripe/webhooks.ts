import { createHmac } from 'node:crypto';

import type { Clock } from '#infra/local/clock';
import {
  createWebhookDeliveries,
  type Delivery,
  type WebhookDeliveries,
  type WebhookTarget,
} from '#infra/local/providers/webhook-deliveries';
import { renderEvent } from '#infra/local/stripe/event-log';
import type { Records } from '#infra/local/stripe/records';

/** Stripe retries a sandbox delivery for hours; a person at a terminal should see the first soon. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
const ATTEMPTS_MAX = 16;
const ANSWER_TIMEOUT_MS = 20_000;

/** Makes the sender of the account's webhooks. */
export function createWebhooks(parts: {
  readonly clock: Clock;
  readonly records: Records;
  readonly targets: () => readonly WebhookTarget[];
  readonly log: (line: string) => void;
}): WebhookDeliveries {
  const { clock, records, targets, log } = parts;
  return createWebhookDeliveries({
    clock,
    targets,
    log,
    provider: 'stripe',
    deliveries: records.deliveries,
    keepsSecret: false,
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
    message: ({ event: id, secret, at }) => {
      const event = records.events.get(id);
      if (event === undefined) return undefined;
      const body = JSON.stringify(renderEvent(event), null, 2);
      return {
        id,
        type: event.type,
        body,
        headers: {
          'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
          accept: '*/*; q=0.5, application/xml',
          'cache-control': 'no-cache',
          'content-type': 'application/json; charset=utf-8',
          'stripe-signature': sign({ body, secret, at }),
        },
      };
    },
    retryAfterMs: ({ attempts }) =>
      attempts >= ATTEMPTS_MAX
        ? undefined
        : Math.min(RETRY_FIRST_MS * 2 ** (attempts - 1), RETRY_MAX_MS),
    finish: (delivery, how) => finish(records, delivery, how),
  });
}

/** The `Stripe-Signature` header: HMAC-SHA256 over the time, a point and the exact body. */
export function sign(message: {
  readonly body: string;
  readonly secret: string;
  readonly at: Date;
}): string {
  const seconds = Math.floor(message.at.getTime() / 1000);
  const mac = createHmac('sha256', message.secret).update(`${seconds}.${message.body}`);
  return `t=${seconds},v1=${mac.digest('hex')}`;
}

function finish(records: Records, delivery: Delivery, how: 'delivered' | 'given up'): void {
  records.transaction(() => {
    records.deliveries.delete(delivery.id);
    const event = records.events.get(delivery.event);
    if (event === undefined) return;
    records.events.put(event.id, {
      ...event,
      pending_webhooks: event.pending_webhooks - 1,
      undelivered: event.undelivered || how === 'given up',
    });
  });
}
