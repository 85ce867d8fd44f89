import { createServer } from 'node:http';
import { setImmediate } from 'node:timers/promises';

import type { Clock } from '#infra/local/clock';
import { listen, stopListening } from '#infra/local/listen';
import { jsonListener } from '#infra/local/services/aws-http';
import { createFaults, type Faults } from '#infra/local/services/faults';
import { messageOperations } from '#infra/local/services/sqs-operations';
import { queueAdmin, type QueueAdmin } from '#infra/local/services/sqs-queues';
import { openSqsStore, type SqsStore } from '#infra/local/services/sqs-store';

/** How soon a long poll notices that somebody moved the clock. */
const CLOCK_CHECK_MS = 20;

/**
 * SQS on this machine. It is our own because a webhook is answered 200 only after the queue has the
 * event (DESIGN 6), so a message that was acknowledged must survive `kill -9`, and because
 * visibility timeouts, delays and retention follow the stack's clock.
 */
export interface Queues extends Pick<QueueAdmin, 'ensure' | 'list' | 'redrive' | 'purge'> {
  /** For `AWS_ENDPOINT_URL_SQS`. */
  readonly endpoint: string;
  readonly faults: Faults;
  /** Ends open long polls with an empty answer and closes the files. */
  close(): Promise<void>;
}

/**
 * Starts the queues of one data directory on a loopback port; `dataDir` `:memory:` keeps nothing.
 * Throws `LocalStackError` when the queue file is damaged or in use.
 */
export async function startQueues(options: {
  readonly dataDir: string;
  readonly clock?: Pick<Clock, 'now'>;
  readonly log: (message: string) => void;
  readonly region?: string;
  readonly accountId?: string;
}): Promise<Queues> {
  const { clock, log, region = 'us-east-1', accountId = '000000000000' } = options;
  const now = (): number => (clock?.now() ?? new Date()).getTime();
  const store = openSqsStore(options.dataDir, now);
  const waiting = createWaitingRoom(now);
  const faults = createFaults();

  let endpoint = '';
  const address = (): string => endpoint;
  const { arrived } = waiting;
  const queues = queueAdmin({ store, now, address, region, accountId, arrived });
  const operations = {
    ...queues.operations,
    ...messageOperations({ store, queues, waitForMessage: waiting.wait(store), arrived }),
  };
  const contentType = 'application/x-amz-json-1.0';
  const server = createServer(jsonListener({ contentType, operations, faults, log }));
  endpoint = `http://127.0.0.1:${await listen(server)}`;

  return {
    endpoint,
    faults,
    ensure: (queue) => queues.ensure(queue),
    list: () => queues.list(),
    redrive: (name) => queues.redrive(name),
    purge: (name) => {
      queues.purge(name);
    },
    close: async () => {
      waiting.close();
      // One turn of the event loop, in which the ended polls are answered.
      await setImmediate();
      await stopListening(server);
      store.close();
    },
  };
}

/** Where long polls wait: for a message, for a deadline on the stack's clock, or for their end. */
function createWaitingRoom(now: () => number) {
  const waiters = new Set<{ readonly queue: string; readonly wake: (mayHave: boolean) => void }>();
  let closed = false;

  const wait =
    (store: SqsStore) =>
    (request: {
      readonly queue: string;
      readonly untilMs: number;
      readonly signal: AbortSignal;
    }): Promise<boolean> => {
      const leftMs = request.untilMs - Date.now();
      if (closed || leftMs <= 0 || request.signal.aborted) return Promise.resolve(false);
      return new Promise((resolve) => {
        const waiter = { queue: request.queue, wake: done };
        const skewAtStart = now() - Date.now();
        const dueAt = store.counts(request.queue, Number.POSITIVE_INFINITY).next_visible_at;
        const timer = setTimeout(done, leftMs, false);
        const watch = setInterval(() => {
          const moved = Math.abs(now() - Date.now() - skewAtStart) > CLOCK_CHECK_MS;
          if (moved || (dueAt !== null && dueAt <= now())) done(true);
        }, CLOCK_CHECK_MS);
        const hungUp = (): void => {
          done(false);
        };
        request.signal.addEventListener('abort', hungUp, { once: true });
        waiters.add(waiter);

        function done(mayHave: boolean): void {
          waiters.delete(waiter);
          clearTimeout(timer);
          clearInterval(watch);
          request.signal.removeEventListener('abort', hungUp);
          // A caller that hung up must not take a message with it.
          resolve(mayHave && !request.signal.aborted);
        }
      });
    };
  return {
    wait,
    arrived: (queue: string): void => {
      for (const waiter of [...waiters]) if (waiter.queue === queue) waiter.wake(true);
    },
    close: (): void => {
      closed = true;
      for (const waiter of [...waiters]) waiter.wake(false);
    },
  };
}
