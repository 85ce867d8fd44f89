import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { add } from '#lib/ledger/inflow';
import { spend } from '#lib/ledger/spend';
import { emptyHead, type WalletRef } from '#lib/ledger/wallet';
import { checkpointToItem, isCheckpoint } from '#lib/store/checkpoints';
import { entryToItem, headToItem } from '#lib/store/items';
import { quantile } from '#tests/bench/contention';
import { spendWork, type TestLedger } from '#tests/support/ledger';

/** What operations cost in the middle of so many entries. */
export interface Grown {
  /** Half of them in the wallet that is asked, though 100,000 at most; the rest in those of others. */
  readonly entries: number;
  readonly spend: Units;
  readonly balance: Units;
  readonly history: Units;
}
export interface Units {
  readonly calls: number;
  readonly read: number;
  readonly write: number;
}

const REPEATS = 21;
/** The engine of this machine slows down with the length of a partition: a wallet is one, and an eighth of a day. */
const WALLET_LENGTH_MAX = 100_000;
const OTHERS_LENGTH = 1_000;
const BATCH = 25;
const ABREAST = 4;

/** Fills the table to each size in turn, and asks for the median cost of each operation there. */
export async function* measureGrowth(
  store: TestLedger,
  sizes: readonly number[],
): AsyncGenerator<Grown> {
  const wallet = { userId: 'grown', creditType: 'general' };
  const grow = growing(store, wallet, 0);
  let written = 0;
  let others = 0;
  for (const entries of sizes) {
    const wanted = Math.min(Math.ceil(entries / 2), WALLET_LENGTH_MAX) - written;
    await grow(Math.max(0, wanted));
    written += Math.max(0, wanted);
    const elsewhere = entries - written;
    for (; others * OTHERS_LENGTH < elsewhere; others += 1) {
      const other = { userId: `other-${others}`, creditType: 'general' };
      await growing(store, other, others + 1)(Math.min(OTHERS_LENGTH, elsewhere));
    }
    yield {
      entries,
      spend: await medianCost(store, (n) =>
        store.ledger.run(spendWork({ wallet, amount: 1, cause: `at-${entries}-${n}`, now: LATER })),
      ),
      balance: await medianCost(store, () => store.ledger.loadHead(wallet)),
      history: await medianCost(store, () =>
        store.history.page({ wallet, offset: Math.floor(written / 4), limit: 5 }),
      ),
    };
    // What was spent to measure it counts as well.
    written += REPEATS;
    await grow(0);
  }
}

const LATER = '2030-01-01T00:00:00.000Z';

async function medianCost(store: TestLedger, act: (n: number) => Promise<unknown>): Promise<Units> {
  const costs = [];
  for (let n = 0; n < REPEATS; n += 1) costs.push((await store.measure(() => act(n))).cost);
  return {
    calls: quantile(
      costs.map(({ calls }) => calls.length),
      0.5,
    ),
    read: quantile(
      costs.map(({ readUnits }) => readUnits),
      0.5,
    ),
    write: quantile(
      costs.map(({ writeUnits }) => writeUnits),
      0.5,
    ),
  };
}

/**
 * Adds entries to a wallet as its rules make them, one a second from a day on, written as items: a million transactions
 * would take a day.
 */
function growing(store: TestLedger, wallet: WalletRef, day: number) {
  return async (count: number): Promise<void> => {
    const stored = await store.ledger.loadHead(wallet);
    let head = stored.seq === 0 ? emptyHead(wallet) : stored;
    let items: object[] = [];
    for (let n = 0; n < count; n += 1) {
      const seq = head.seq + 1;
      const now = new Date(Date.UTC(2026, 0, 1 + day) + seq * 1_000).toISOString();
      const common = { now, actor: 'service:bench', cause: `grow:${seq}`, description: 'Enrich' };
      const terms = { category: 'paid', priority: 0, expiresAt: null } as const;
      const decision =
        seq === 1
          ? add(head, { ...common, ...terms, type: 'bonus', amount: 100_000_000 })
          : spend(head, { ...common, amount: 1, caps: [] });
      if (!decision.ok) throw new Error(decision.refusal.code);
      head = decision.head;
      items.push(...decision.entries.map(entryToItem));
      if (isCheckpoint(head.seq)) items.push(checkpointToItem(head));
      if (items.length >= BATCH * ABREAST * 10) {
        await write(store, items);
        items = [];
      }
    }
    await write(store, [...items, headToItem(head)]);
  };
}

async function write(store: TestLedger, items: readonly object[]): Promise<void> {
  const batches = Array.from({ length: Math.ceil(items.length / BATCH) }, (_, n) =>
    items.slice(n * BATCH, (n + 1) * BATCH),
  ).values();
  await Promise.all(
    Array.from({ length: ABREAST }, async () => {
      for (const batch of batches) {
        const puts = batch.map((Item) => ({ PutRequest: { Item } }));
        const RequestItems = { [store.tableName]: puts };
        await store.documents.send(new BatchWriteCommand({ RequestItems }));
      }
    }),
  );
}
