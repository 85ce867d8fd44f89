/** How one wallet is spent from: over HTTP, or straight through a handler. Both tell how many spends were done. */
export interface Spender {
  readonly single: (key: string) => Promise<number>;
  readonly batch: (keys: readonly string[]) => Promise<number>;
}

export interface Throughput {
  /** Spends per second that were acknowledged. */
  readonly singlesPerSecond: number;
  readonly batchedPerSecond: number;
  readonly ratio: number;
}

export interface Load {
  readonly clients: number;
  /** Requests of each client, one after the other. */
  readonly singlesEach: number;
  readonly batchesEach: number;
  readonly batchSize: number;
}

/**
 * What many clients get out of one wallet with single spends, and then with batches, in the same run: the figures are
 * of a machine, their ratio is of the design.
 */
export async function measureBatchThroughput(spender: Spender, load: Load): Promise<Throughput> {
  const { clients, singlesEach, batchesEach, batchSize } = load;
  const singlesPerSecond = await spendsPerSecond(clients, async (client) => {
    let done = 0;
    for (let n = 0; n < singlesEach; n += 1) done += await spender.single(`single-${client}-${n}`);
    return done;
  });
  const batchedPerSecond = await spendsPerSecond(clients, async (client) => {
    let done = 0;
    for (let n = 0; n < batchesEach; n += 1) {
      const name = `batch-${client}-${n}`;
      done += await spender.batch(Array.from({ length: batchSize }, (_, m) => `${name}-${m}`));
    }
    return done;
  });
  return { singlesPerSecond, batchedPerSecond, ratio: batchedPerSecond / singlesPerSecond };
}

async function spendsPerSecond(
  clients: number,
  act: (client: number) => Promise<number>,
): Promise<number> {
  const start = performance.now();
  const done = await Promise.all(Array.from({ length: clients }, (_, client) => act(client)));
  const seconds = (performance.now() - start) / 1_000;
  return done.reduce((sum, each) => sum + each, 0) / seconds;
}

/** The figures as a person reads them. */
export function describeThroughput({
  singlesPerSecond,
  batchedPerSecond,
  ratio,
}: Throughput): string {
  const figures = [singlesPerSecond, batchedPerSecond].map((figure) => figure.toFixed(0));
  return `one wallet: ${figures[0]} single spends/s, ${figures[1]} in batches/s, ${ratio.toFixed(1)} times as many`;
}
