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
  /** Requests of each client, one after the other: first singles, then batches. */
  readonly requestsEach: number;
  readonly batchSize: number;
}

/**
 * What many clients get out of one wallet with single spends, and then with batches, in the same run: the figures are
 * of a machine, their ratio is of the design.
 */
export async function measureBatchThroughput(spender: Spender, load: Load): Promise<Throughput> {
  const { batchSize } = load;
  const singlesPerSecond = await spendsPerSecond(load, (name) => spender.single(name));
  const batchedPerSecond = await spendsPerSecond(load, (name) =>
    spender.batch(Array.from({ length: batchSize }, (_, n) => `${name}-${n}`)),
  );
  return { singlesPerSecond, batchedPerSecond, ratio: batchedPerSecond / singlesPerSecond };
}

async function spendsPerSecond(
  { clients, requestsEach }: Load,
  act: (name: string) => Promise<number>,
): Promise<number> {
  const start = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let n = 0; n < requestsEach; n += 1) {
        const spends = await act(`${client}-${n}`);
        done += spends;
      }
    }),
  );
  return done / ((performance.now() - start) / 1_000);
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
