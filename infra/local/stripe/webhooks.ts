import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

import type { Clock } from '#infra/local/clock';
import { renderEvent } from '#infra/local/stripe/event-log';
import type { Delivery, EventRecord, Records } from '#infra/local/stripe/records';

/** Where events go: an endpoint of the account. `events` are types, or `*` for all of them. */
export interface WebhookTarget {
  readonly url: string;
  readonly secret: string;
  readonly events: readonly string[];
}

/** How deliveries misbehave, as the real ones sometimes do. All off at the start. */
export interface DeliverySwitches {
  /** Copies of each delivery, sent at the same time. */
  readonly duplicate: number;
  /** Newest first among those that are due. */
  readonly reorder: boolean;
  /** By how much the first attempt comes late, on the stack's clock. */
  readonly delayMs: number;
  /** Nothing is sent until it is off again. */
  readonly hold: boolean;
}

export interface Webhooks {
  /** Books the deliveries of a new event; part of the caller's transaction. Says how many. */
  readonly plan: (event: { readonly id: string; readonly type: string }) => number;
  /** Sends what is due, and what becomes due meanwhile; one run at a time. */
  run(): Promise<void>;
  /** Makes everything that waits for its time due now. */
  bringForward(): void;
  /** When the next delivery is due, in milliseconds of the stack's clock. */
  nextDueMs(): number | undefined;
  /** Nothing that is due is undelivered, and nothing is on its way. */
  isIdle(): boolean;
  /** Sends an event again to every target that wants it, `times` copies at once: HTTP statuses. */
  deliver(eventId: string, times: number): Promise<(number | 'no answer')[]>;
  readonly switches: {
    readonly get: () => DeliverySwitches;
    readonly set: (change: Partial<DeliverySwitches>) => DeliverySwitches;
  };
  close(): void;
}

/** Stripe retries a sandbox delivery for hours; a person at a terminal should see the first soon. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
const ATTEMPTS_MAX = 16;
const ANSWER_TIMEOUT_MS = 20_000;
const COPIES_MAX = 50;

const SWITCHES_OFF: DeliverySwitches = { duplicate: 1, reorder: false, delayMs: 0, hold: false };

/** Makes the sender of the account's webhooks. What is booked survives a restart. */
export function createWebhooks(parts: {
  readonly clock: Clock;
  readonly records: Records;
  readonly targets: () => readonly WebhookTarget[];
  readonly log: (line: string) => void;
}): Webhooks {
  const { clock, records, targets, log } = parts;
  let switches = SWITCHES_OFF;
  let running: Promise<void> | undefined;
  const closing = new AbortController();
  const nowMs = (): number => clock.now().getTime();

  const nextDue = (): Delivery | undefined => {
    const due = records.deliveries.list().filter((delivery) => delivery.due_ms <= nowMs());
    return switches.reorder ? due.at(-1) : due[0];
  };

  const attempt = async (delivery: Delivery): Promise<void> => {
    const event = records.events.get(delivery.event);
    const target = targets()[delivery.target];
    if (event === undefined || target === undefined) {
      finish(records, delivery, 'given up');
      return;
    }
    const send = (): Promise<number | 'no answer'> =>
      post({ target, event, at: clock.now(), signal: closing.signal });
    const statuses = await Promise.all(Array.from({ length: switches.duplicate }, send));
    // Cut off by our own end, not by the receiver: it stays booked as it was.
    if (closing.signal.aborted) return;
    const what = `stripe: ${event.type} ${event.id} to ${target.url}: ${statuses.join(', ')}`;
    if (statuses.some(isSuccess)) {
      finish(records, delivery, 'delivered');
      log(what);
      return;
    }
    const attempts = delivery.attempts + 1;
    if (attempts >= ATTEMPTS_MAX) {
      finish(records, delivery, 'given up');
      log(`${what}; given up after ${attempts} attempts`);
      return;
    }
    const waitMs = Math.min(RETRY_FIRST_MS * 2 ** delivery.attempts, RETRY_MAX_MS);
    records.deliveries.put(delivery.id, { ...delivery, attempts, due_ms: nowMs() + waitMs });
    log(`${what}; again in ${waitMs / 1000} s`);
  };

  const drain = async (): Promise<void> => {
    for (;;) {
      if (switches.hold || closing.signal.aborted) return;
      const delivery = nextDue();
      if (delivery === undefined) return;
      await attempt(delivery);
    }
  };

  return {
    plan: (event) => {
      const wanting = [...targets().entries()].filter(([, target]) => wants(target, event.type));
      for (const [target] of wanting) {
        const id = `${event.id}:${target}`;
        const due_ms = nowMs() + switches.delayMs;
        records.deliveries.put(id, { id, event: event.id, target, attempts: 0, due_ms });
      }
      return wanting.length;
    },
    run: () => {
      running ??= drain().finally(() => {
        running = undefined;
      });
      return running;
    },
    bringForward: () => {
      for (const delivery of records.deliveries.list()) {
        records.deliveries.put(delivery.id, {
          ...delivery,
          due_ms: Math.min(delivery.due_ms, nowMs()),
        });
      }
    },
    nextDueMs: () =>
      switches.hold
        ? undefined
        : records.deliveries
            .list()
            .map((delivery) => delivery.due_ms)
            .reduce<number | undefined>((first, due) => Math.min(first ?? due, due), undefined),
    isIdle: () => running === undefined && (switches.hold || nextDue() === undefined),
    deliver: async (eventId, times) => {
      const event = records.events.get(eventId);
      if (event === undefined) throw new RangeError(`There is no event ${eventId}.`);
      const copies = checkCopies(times);
      const sends = targets()
        .filter((target) => wants(target, event.type))
        .flatMap((target) =>
          Array.from({ length: copies }, () =>
            post({ target, event, at: clock.now(), signal: closing.signal }),
          ),
        );
      return Promise.all(sends);
    },
    switches: {
      get: () => switches,
      set: (change) => {
        const next = { ...switches, ...change };
        checkCopies(next.duplicate);
        switches = next;
        return next;
      },
    },
    close: () => {
      closing.abort();
    },
  };
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

function wants(target: WebhookTarget, type: string): boolean {
  return target.events.includes('*') || target.events.includes(type);
}

function checkCopies(copies: number): number {
  if (!Number.isSafeInteger(copies) || copies < 1 || copies > COPIES_MAX) {
    throw new RangeError(`Copies of a delivery: 1 to ${COPIES_MAX}, not ${copies}.`);
  }
  return copies;
}

function isSuccess(status: number | 'no answer'): boolean {
  return typeof status === 'number' && status >= 200 && status < 300;
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

/** One attempt; a redirect is not followed, and anything but an answer is `no answer`. */
function post(attempt: {
  readonly target: WebhookTarget;
  readonly event: EventRecord;
  readonly at: Date;
  readonly signal: AbortSignal;
}): Promise<number | 'no answer'> {
  const { target, event, at, signal } = attempt;
  const body = JSON.stringify(renderEvent(event), null, 2);
  const url = new URL(target.url);
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const outgoing = request(
      url,
      {
        method: 'POST',
        signal,
        timeout: ANSWER_TIMEOUT_MS,
        headers: {
          'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
          accept: '*/*; q=0.5, application/xml',
          'cache-control': 'no-cache',
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(body),
          'stripe-signature': sign({ body, secret: target.secret, at }),
        },
      },
      (response) => {
        response.on('error', () => resolve('no answer'));
        response.on('end', () => resolve(response.statusCode ?? 'no answer'));
        response.resume();
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', () => resolve('no answer'));
    outgoing.end(body);
  });
}
