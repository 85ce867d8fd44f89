import { RETRY_BUDGET_MS } from '#functions/service/dependencies';
import { waitMaxMs } from '#lib/store/backoff';

/**
 * One hot wallet on DynamoDB, simulated: what this machine's engine cannot show, because it is faster than a network
 * and has no limit of its own. The model is the research behind DESIGN 4: request and answer travel 1.25 to 2.5 ms
 * each; a transaction holds its items for 2.5 to 5 ms, and one that meets them held, or finds another version than it
 * has read, is cancelled; a read takes 2 to 4 ms and fails for nobody; an item takes 1,000 write units a second, those
 * of cancelled transactions included. Who loses does as the store does (`lib/store/commit.ts`): what meets a held item
 * waits with the store's own bounds and reads again; what finds another version has it from the answer and tries at
 * once; both until the deadline of a spend.
 */

export interface SimulatedDesign {
  readonly name: string;
  /** Reads the version first, and loses to whoever changed it meanwhile; else a condition on the balance is enough. */
  readonly readsVersion: boolean;
  /** Spends of one transaction. */
  readonly batch: number;
}

export const DESIGNS = {
  single: { name: 'spend by spend, numbered (this service)', readsVersion: true, batch: 1 },
  batch: { name: 'batches of 40, numbered (this service)', readsVersion: true, batch: 40 },
  conditional: { name: 'conditional decrement, not numbered', readsVersion: false, batch: 1 },
} as const satisfies Record<string, SimulatedDesign>;

export interface Simulated {
  /** Spends per second that arrive. */
  readonly rate: number;
  readonly p99Ms: number;
  readonly tries: number;
  /** The part of the spends that found no place until their deadline. */
  readonly lost: number;
}

/** One spend, or one batch of them, on its way. */
interface Request {
  readonly began: number;
  readonly waits: number;
}

const SECONDS = 60;
/** Written with each transaction, beside an entry for each spend. */
const HEADS = 1;
/** To prepare and to commit, one each, of the head; its entries are other items. */
const UNITS_PER_TRY = 2;
const UNITS_PER_MS = 1;
const UNITS_SAVED_MAX = 1_000;

/** Requests that come at random at a mean rate, for a minute. The same seed gives the same minute. */
export function simulateWallet(
  design: SimulatedDesign,
  { rate, seed }: { readonly rate: number; readonly seed: number },
): Simulated {
  const random = createRandom(seed);
  const between = (low: number, high: number) => low + (high - low) * random();
  const events = createAgenda();
  const latencies: number[] = [];
  let tries = 0;
  let lost = 0;
  let requests = 0;
  let version = 0;
  let heldUntil = 0;
  let units = UNITS_SAVED_MAX;
  let unitsAt = 0;

  /** Reads, where the design does, and sends what was decided then. */
  const attempt = (request: Request, now: number): void => {
    if (!design.readsVersion) {
      send(request, null, now);
      return;
    }
    // What is read is what stood there in the middle of the read.
    const tookMs = between(2, 4);
    events.add(now + tookMs / 2, (seenAt) => {
      const read = version;
      events.add(seenAt + tookMs / 2, (readAt) => {
        send(request, read, readAt);
      });
    });
  };
  const send = (request: Request, read: number | null, sentAt: number): void => {
    events.add(sentAt + between(1.25, 2.5), (now) => {
      tries += 1;
      units = Math.min(UNITS_SAVED_MAX, units + (now - unitsAt) * UNITS_PER_MS);
      unitsAt = now;
      const isThrottled = units < UNITS_PER_TRY;
      if (!isThrottled) units -= UNITS_PER_TRY;
      const answeredAt = now + between(1.25, 2.5);
      if (isThrottled || now < heldUntil) {
        const waitMs = between(0, waitMaxMs(request.waits, design.batch + HEADS));
        again(request, answeredAt + waitMs, (at) => {
          attempt({ ...request, waits: request.waits + 1 }, at);
        });
      } else if (read !== null && read !== version) {
        const fresh = version;
        again(request, answeredAt, (at) => {
          send(request, fresh, at);
        });
      } else {
        const answerMs = answeredAt - now;
        heldUntil = now + between(2.5, 5);
        events.add(heldUntil, (committedAt) => {
          version += 1;
          latencies.push(committedAt + answerMs - request.began);
        });
      }
    });
  };
  const again = ({ began }: Request, at: number, happen: Happening): void => {
    if (at - began > RETRY_BUDGET_MS) lost += 1;
    else events.add(at, happen);
  };
  const requestsPerMs = rate / design.batch / 1_000;
  for (let at = 0; at < SECONDS * 1_000; at += -Math.log(1 - random()) / requestsPerMs) {
    requests += 1;
    events.add(at, (now) => {
      attempt({ began: now, waits: 0 }, now);
    });
  }
  events.run();
  const sorted = latencies.toSorted((a, b) => a - b);
  return {
    rate,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Infinity,
    tries: tries / requests,
    lost: lost / requests,
  };
}

/** The highest rate at which 99 of 100 are answered in a quarter of a second, and none in a thousand is lost. */
export function highestRate(design: SimulatedDesign, seed: number): Simulated {
  const isGood = (at: Simulated) => at.p99Ms <= 250 && at.lost <= 0.001;
  const step = 5 * design.batch;
  let best = simulateWallet(design, { rate: step, seed });
  for (let rate = 2 * step; ; rate += step) {
    const next = simulateWallet(design, { rate, seed });
    if (!isGood(next)) return best;
    best = next;
  }
}

type Happening = (now: number) => void;

/** What is going to happen, in the order of its times: a binary heap. */
function createAgenda() {
  const heap: { readonly at: number; readonly happen: Happening }[] = [];
  const timeOf = (index: number): number => heap[index]?.at ?? Infinity;
  const swap = (a: number, b: number): void => {
    const [first, second] = [heap[a], heap[b]];
    if (first === undefined || second === undefined) return;
    heap[a] = second;
    heap[b] = first;
  };
  return {
    add(at: number, happen: Happening): void {
      heap.push({ at, happen });
      for (let child = heap.length - 1; child > 0;) {
        const parent = (child - 1) >> 1;
        if (timeOf(parent) <= at) break;
        swap(parent, child);
        child = parent;
      }
    },
    run(): void {
      for (let next = heap[0]; next !== undefined; next = heap[0]) {
        swap(0, heap.length - 1);
        heap.pop();
        for (let parent = 0; ;) {
          const [left, right] = [2 * parent + 1, 2 * parent + 2];
          const least = timeOf(right) < timeOf(left) ? right : left;
          if (timeOf(least) >= timeOf(parent)) break;
          swap(parent, least);
          parent = least;
        }
        next.happen(next.at);
      }
    },
  };
}

/** Mulberry32: small, and good enough for arrivals. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
