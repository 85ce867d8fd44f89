import { serviceRoutes } from '#lib/contract/routes/service';
import { BATCH_SPENDS_MAX, transferRoutes } from '#lib/contract/routes/transfers';
import { openBackend } from '#tests/functions/service/backend';
import type { TestLedger } from '#tests/support/ledger';

/** What so many writers get out of one wallet at once. */
export interface Contention {
  readonly writers: number;
  readonly spendsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Transactions that were tried for each that was committed. */
  readonly tries: number;
  /** Round trips of one spend, lost races included. */
  readonly calls: number;
  /** Of what was committed, as the engine counts. */
  readonly writeUnits: number;
  /** With what AWS may bill for tries that were cancelled: two units for each of their items, and none for indexes. */
  readonly writeUnitsAtMost: number;
}

/** One spend a request, or as many as a batch may have. */
export type Way = 'single' | 'batch';

/**
 * Lets writers spend from one new wallet, each one request after the other, through the service's handlers and the
 * table's engine. Seconds are the machine's; tries, calls and units are the design's.
 */
export async function measureContention(
  store: TestLedger,
  load: { readonly way: Way; readonly writers: number; readonly requestsEach: number },
): Promise<Contention> {
  const { way, writers, requestsEach } = load;
  const backend = openBackend(store);
  wallets += 1;
  const params = { userId: `hot-${wallets}` };
  const text = { amount: 1, description: 'Enrich a lead' };
  await backend.call(serviceRoutes.addCredits, { params, body: { ...text, amount: 1_000_000 } });
  const request = async (key: string): Promise<number> => {
    const { status } =
      way === 'single'
        ? await backend.call(serviceRoutes.deductCredits, { params, body: text, key })
        : await backend.call(transferRoutes.deductBatch, { params, body: batchOf(text, key) });
    if (status !== 201) throw new Error(`a spend was answered ${status}`);
    return way === 'single' ? 1 : BATCH_SPENDS_MAX;
  };
  let spends = 0;
  const latencies: number[] = [];
  const began = performance.now();
  const { cost } = await store.measure(() =>
    Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        for (let n = 0; n < requestsEach; n += 1) {
          const start = performance.now();
          // Read after the wait: others count meanwhile.
          const done = await request(`${writer}-${n}`);
          spends += done;
          latencies.push(performance.now() - start);
        }
      }),
    ),
  );
  const seconds = (performance.now() - began) / 1_000;
  const transactions = cost.calls.filter((call) => call === 'TransactWriteItems').length;
  const cancelled = transactions - writers * requestsEach;
  const itemsEach = 1 + (way === 'single' ? 1 : BATCH_SPENDS_MAX);
  return {
    writers,
    spendsPerSecond: spends / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    tries: transactions / (writers * requestsEach),
    calls: cost.calls.length / spends,
    writeUnits: cost.writeUnits / spends,
    writeUnitsAtMost: (cost.writeUnits + 2 * itemsEach * cancelled) / spends,
  };
}

let wallets = 0;

function batchOf(text: object, key: string) {
  const spends = Array.from({ length: BATCH_SPENDS_MAX }, (_, n) => ({
    ...text,
    idempotency_key: `${key}-${n}`,
  }));
  return { spends };
}

/** The value that so large a part of all does not exceed. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}
