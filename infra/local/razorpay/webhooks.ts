import { createHmac } from 'node:crypto';

import type { Clock } from '#infra/local/clock';
import {
  createWebhookDeliveries,
  type Delivery,
  isSuccess,
  type WebhookDeliveries,
  type WebhookTarget,
} from '#infra/local/providers/webhook-deliveries';
import type { Plan } from '#infra/local/razorpay/event-log';
import type { Records } from '#infra/local/razorpay/records';

/** A webhook of the account, and whether Razorpay has switched it off. */
export interface WebhookState {
  readonly url: string;
  readonly enabled: boolean;
}

export interface Webhooks extends Omit<WebhookDeliveries, 'plan'> {
  readonly plan: Plan;
  list(): WebhookState[];
  /** Switches all webhooks on again, as a person does in the dashboard. */
  enable(): void;
}

/** Razorpay does not publish its steps; a person at a terminal should see the first retry soon. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60 * 60 * 1000;
/** Counted from the event, not from its first attempt. */
const RETRIED_FOR_MS = 24 * 60 * 60 * 1000;
const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Makes the sender of the account's webhooks. An event is retried for 24 hours; a webhook that has
 * not taken it by then is disabled, and what it misses from there on is found by asking the API or
 * sent again with `deliver` (Razorpay docs, "Webhooks: best practices" and "Replay events").
 */
export function createWebhooks(parts: {
  readonly clock: Clock;
  readonly records: Records;
  readonly targets: () => readonly WebhookTarget[];
  readonly log: (line: string) => void;
}): Webhooks {
  const { clock, records, targets, log } = parts;
  const isEnabled = (place: number): boolean =>
    records.disabledWebhooks.get(String(place)) === undefined;
  const deliveries = createWebhookDeliveries({
    clock,
    targets,
    log,
    isEnabled,
    provider: 'razorpay',
    deliveries: records.deliveries,
    // After a change of the secret, what happened before is still signed with the old one.
    keepsSecret: true,
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
    message: ({ event: id, secret }) => {
      const event = records.events.get(id);
      if (event === undefined) return undefined;
      const body = JSON.stringify(event.body);
      return {
        id,
        type: event.type,
        body,
        headers: {
          'user-agent': 'Razorpay-Webhook/v1',
          accept: '*/*',
          'content-type': 'application/json',
          'x-razorpay-event-id': id,
          'x-razorpay-signature': sign({ body, secret }),
        },
      };
    },
    retryAfterMs: ({ attempts, event }) => {
      const endMs = (records.events.get(event)?.created_ms ?? 0) + RETRIED_FOR_MS;
      const leftMs = endMs - clock.now().getTime();
      if (leftMs <= 0) return undefined;
      return Math.min(RETRY_FIRST_MS * 2 ** (attempts - 1), RETRY_MAX_MS, leftMs);
    },
    finish: (delivery, how) =>
      records.transaction(() => {
        finish(records, delivery, how);
        if (how === 'delivered' || targets()[delivery.target] === undefined) return;
        disable(records, { place: delivery.target, at: clock.now() });
        log(`razorpay: the webhook ${targets()[delivery.target]?.url ?? ''} is disabled`);
      }),
  });
  const wants = ({ events }: WebhookTarget, type: string): boolean =>
    events.includes('*') || events.includes(type);
  const enable = (type?: string): void => {
    for (const [place, target] of targets().entries()) {
      if (type === undefined || wants(target, type)) records.disabledWebhooks.delete(String(place));
    }
  };

  return {
    ...deliveries,
    plan: (event) => ({
      booked: deliveries.plan(event),
      missed: [...targets().entries()].some(
        ([place, target]) => wants(target, event.type) && !isEnabled(place),
      ),
    }),
    list: () =>
      [...targets().entries()].map(([place, { url }]) => ({ url, enabled: isEnabled(place) })),
    enable: () => enable(),
    deliver: async (eventId, times) => {
      // A replay switches the webhook on again, and is signed with the secret of now.
      const type = records.events.get(eventId)?.type;
      if (type !== undefined) enable(type);
      const statuses = await deliveries.deliver(eventId, times);
      const event = records.events.get(eventId);
      if (event !== undefined && statuses.some(isSuccess)) {
        records.events.put(eventId, { ...event, undelivered: false });
      }
      return statuses;
    },
  };
}

/** The `X-Razorpay-Signature` header: hex HMAC-SHA256 over the exact body and nothing else. */
export function sign(message: { readonly body: string; readonly secret: string }): string {
  return createHmac('sha256', message.secret).update(message.body).digest('hex');
}

function finish(records: Records, delivery: Delivery, how: 'delivered' | 'given up'): void {
  records.deliveries.delete(delivery.id);
  const event = records.events.get(delivery.event);
  if (event === undefined) return;
  records.events.put(event.id, {
    ...event,
    pending_webhooks: event.pending_webhooks - 1,
    undelivered: event.undelivered || how === 'given up',
  });
}

function disable(records: Records, webhook: { readonly place: number; readonly at: Date }): void {
  records.disabledWebhooks.put(String(webhook.place), { since_ms: webhook.at.getTime() });
  for (const delivery of records.deliveries.list()) {
    if (delivery.target === webhook.place) finish(records, delivery, 'given up');
  }
}
