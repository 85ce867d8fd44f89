import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import * as z from 'zod';

import type { Clock } from '#infra/local/clock';
import type { Collection } from '#infra/local/state';

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

/** A delivery that is still to be made, as it is stored. */
export const deliverySchema = z.object({
  id: z.string(),
  event: z.string(),
  /** Which of the stack's webhook targets: its place in the list, since the port may change. */
  target: z.number(),
  attempts: z.number(),
  due_ms: z.number(),
  /** What the event is signed with, where the provider keeps to the secret of its first attempt. */
  secret: z.string().optional(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** An event as it goes out: `type` and `id` are for the log. */
export interface WebhookMessage {
  readonly id: string;
  readonly type: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type Status = number | 'no answer';

export interface WebhookDeliveries {
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
  deliver(eventId: string, times: number): Promise<Status[]>;
  readonly switches: {
    readonly get: () => DeliverySwitches;
    readonly set: (change: Partial<DeliverySwitches>) => DeliverySwitches;
  };
  close(): void;
}

interface Parts {
  readonly clock: Clock;
  /** The provider's name in log lines. */
  readonly provider: string;
  /** Only what is still to be delivered: a finished delivery leaves the collection. */
  readonly deliveries: Collection<Delivery>;
  readonly targets: () => readonly WebhookTarget[];
  /** Whether the target at this place is switched on; all are when not given. */
  readonly isEnabled?: (target: number) => boolean;
  /** Whether later attempts are signed with the secret of the time of the event. */
  readonly keepsSecret: boolean;
  readonly answerTimeoutMs: number;
  /** The event as it goes out, signed; undefined for an unknown event. */
  readonly message: (send: {
    readonly event: string;
    readonly secret: string;
    readonly at: Date;
  }) => WebhookMessage | undefined;
  /** How long to wait after a failed attempt, given all attempts so far; undefined to give up. */
  readonly retryAfterMs: (delivery: Delivery) => number | undefined;
  /** Called in place of removing the delivery, which it has to do as well. */
  readonly finish: (delivery: Delivery, how: 'delivered' | 'given up') => void;
  readonly log: (line: string) => void;
}

const COPIES_MAX = 50;
const SWITCHES_OFF: DeliverySwitches = { duplicate: 1, reorder: false, delayMs: 0, hold: false };

/** The sender of a provider's webhooks. What is booked survives a restart. */
export function createWebhookDeliveries(parts: Parts): WebhookDeliveries {
  const { clock, deliveries, targets, isEnabled = () => true } = parts;
  let switches = SWITCHES_OFF;
  let running: Promise<void> | undefined;
  const closing = new AbortController();
  const nowMs = (): number => clock.now().getTime();

  const nextDue = (): Delivery | undefined => {
    const due = deliveries.list().filter((delivery) => delivery.due_ms <= nowMs());
    return switches.reorder ? due.at(-1) : due[0];
  };
  const drain = async (): Promise<void> => {
    for (;;) {
      if (switches.hold || closing.signal.aborted) return;
      const delivery = nextDue();
      if (delivery === undefined) return;
      await attempt(parts, { delivery, copies: switches.duplicate, signal: closing.signal });
    }
  };
  const wanting = (type: string): [number, WebhookTarget][] =>
    [...targets().entries()].filter(
      ([place, target]) =>
        isEnabled(place) && (target.events.includes('*') || target.events.includes(type)),
    );

  return {
    plan: (event) => {
      const wanted = wanting(event.type);
      for (const [place, target] of wanted) {
        const id = `${event.id}:${place}`;
        deliveries.put(id, {
          id,
          event: event.id,
          target: place,
          attempts: 0,
          due_ms: nowMs() + switches.delayMs,
          ...(parts.keepsSecret && { secret: target.secret }),
        });
      }
      return wanted.length;
    },
    run: () => {
      running ??= drain().finally(() => {
        running = undefined;
      });
      return running;
    },
    bringForward: () => {
      for (const delivery of deliveries.list()) {
        deliveries.put(delivery.id, { ...delivery, due_ms: Math.min(delivery.due_ms, nowMs()) });
      }
    },
    nextDueMs: () =>
      switches.hold
        ? undefined
        : deliveries
            .list()
            .map((delivery) => delivery.due_ms)
            .reduce<number | undefined>((first, due) => Math.min(first ?? due, due), undefined),
    isIdle: () => running === undefined && (switches.hold || nextDue() === undefined),
    deliver: async (eventId, times) => {
      const copies = checkCopies(times);
      const message = (secret: string): WebhookMessage => {
        const found = parts.message({ event: eventId, secret, at: clock.now() });
        if (found === undefined) throw new RangeError(`There is no event ${eventId}.`);
        return found;
      };
      const { type } = message('');
      const sends = wanting(type).flatMap(([, target]) =>
        Array.from({ length: copies }, () =>
          post(parts, { target, message: message(target.secret), signal: closing.signal }),
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

async function attempt(
  parts: Parts,
  send: { readonly delivery: Delivery; readonly copies: number; readonly signal: AbortSignal },
): Promise<void> {
  const { clock, deliveries, finish, log, provider } = parts;
  const { delivery, copies, signal } = send;
  const target = parts.targets()[delivery.target];
  const message =
    target &&
    parts.message({
      event: delivery.event,
      secret: delivery.secret ?? target.secret,
      at: clock.now(),
    });
  if (target === undefined || message === undefined) {
    finish(delivery, 'given up');
    return;
  }
  const statuses = await Promise.all(
    Array.from({ length: copies }, () => post(parts, { target, message, signal })),
  );
  // Cut off by our own end, not by the receiver: it stays booked as it was.
  if (signal.aborted) return;
  const what = `${provider}: ${message.type} ${message.id} to ${target.url}: ${statuses.join(', ')}`;
  if (statuses.some(isSuccess)) {
    finish(delivery, 'delivered');
    log(what);
    return;
  }
  const attempted = { ...delivery, attempts: delivery.attempts + 1 };
  const waitMs = parts.retryAfterMs(attempted);
  if (waitMs === undefined) {
    finish(delivery, 'given up');
    log(`${what}; given up after ${attempted.attempts} attempts`);
    return;
  }
  deliveries.put(delivery.id, { ...attempted, due_ms: clock.now().getTime() + waitMs });
  log(`${what}; again in ${waitMs / 1000} s`);
}

function checkCopies(copies: number): number {
  if (!Number.isSafeInteger(copies) || copies < 1 || copies > COPIES_MAX) {
    throw new RangeError(`Copies of a delivery: 1 to ${COPIES_MAX}, not ${copies}.`);
  }
  return copies;
}

/** Whether the receiver has taken the event. */
export function isSuccess(status: Status): boolean {
  return typeof status === 'number' && status >= 200 && status < 300;
}

/** One attempt; a redirect is not followed, and anything but an answer is `no answer`. */
function post(
  parts: Pick<Parts, 'answerTimeoutMs'>,
  send: {
    readonly target: WebhookTarget;
    readonly message: WebhookMessage;
    readonly signal: AbortSignal;
  },
): Promise<Status> {
  const { target, message, signal } = send;
  const url = new URL(target.url);
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const outgoing = request(
      url,
      {
        method: 'POST',
        signal,
        timeout: parts.answerTimeoutMs,
        headers: { ...message.headers, 'content-length': Buffer.byteLength(message.body) },
      },
      (response) => {
        response.on('error', () => resolve('no answer'));
        response.on('end', () => resolve(response.statusCode ?? 'no answer'));
        response.resume();
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', () => resolve('no answer'));
    outgoing.end(message.body);
  });
}
