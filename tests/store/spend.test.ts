import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verify } from '#lib/ledger/verify';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createTableClient, type Table } from '#lib/store/table';
import {
  addWork,
  entryOf,
  openTestLedger,
  spendWork,
  type TestLedger,
} from '#tests/support/ledger';
import { tornClient } from '#tests/support/torn-reads';

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());

const walletOf = (userId: string) => ({ userId, creditType: 'general' });

describe('what a spend costs (DESIGN 4, 11)', () => {
  const wallet = walletOf('cost-0e2a4c3e-8d0f-4b5e-9e60-2b9c5b7b9d11');
  const first = spendWork({ wallet, amount: 90, cause: 'request:first', fingerprint: 'abc' });

  beforeAll(async () => {
    await store.ledger.run(addWork({ wallet, amount: 100, cause: 'welcome' }));
  });

  test('a spend is two round trips, six write units with its indexes, two read units', async () => {
    const { result, cost } = await store.measure(() => store.ledger.run(first));
    expect(result.kind).toBe('committed');
    expect(cost).toEqual({
      calls: ['BatchGetItem', 'TransactWriteItems'],
      readUnits: 2,
      writeUnits: 6,
    });
  });

  test('a replay is one round trip and writes nothing, even when the wallet is empty by then', async () => {
    const { result, cost } = await store.measure(() => store.ledger.run(first));
    expect(result.kind).toBe('replayed');
    expect(entryOf(result).balanceAfter).toBe(10);
    expect(cost).toMatchObject({ calls: ['BatchGetItem'], writeUnits: 0 });
  });

  test('a refusal is one round trip and writes nothing', async () => {
    const work = spendWork({ wallet, amount: 11, cause: 'request:too-much' });
    const { result, cost } = await store.measure(() => store.ledger.run(work));
    expect(result).toEqual({
      kind: 'refused',
      refusal: { code: 'INSUFFICIENT_CREDITS', required: 11, available: 10, shortfall: 1 },
    });
    expect(cost).toMatchObject({ calls: ['BatchGetItem'], writeUnits: 0 });
  });
});

test('a spend that is repeated while its first try commits gets the first answer, even where its entry was read before it', async () => {
  const wallet = walletOf('torn');
  await store.ledger.run(addWork({ wallet, amount: 10, cause: 'welcome' }));
  const work = spendWork({ wallet, amount: 10, cause: 'request:torn', fingerprint: 'abc' });
  const entry = entryOf(await store.ledger.run(work));
  const client = tornClient(store.config, (key) => key.includes('ENTRY#'));
  const torn = createLedgerStore({ ...store.table, client });
  expect(await torn.run(work)).toEqual({ kind: 'replayed', entry });
  expect((await store.ledger.loadHead(wallet)).balance).toBe(0);
});

test('a key that was used with another body is reused, and nothing is written', async () => {
  const wallet = walletOf('reuse');
  await store.ledger.run(addWork({ wallet, amount: 10, cause: 'welcome' }));
  const work = { wallet, amount: 1, cause: 'request:key', fingerprint: 'first body' };
  const entry = entryOf(await store.ledger.run(spendWork(work)));
  const other = { ...work, amount: 2, fingerprint: 'other body' };
  expect(await store.ledger.run(spendWork(other))).toEqual({ kind: 'reused', entry });
  const otherType = { ...other, wallet: { ...wallet, creditType: 'calling' } };
  expect(await store.ledger.run(spendWork(otherType))).toEqual({ kind: 'reused', entry });
  expect((await store.ledger.loadHead(wallet)).balance).toBe(9);
});

test('one key sent at once for two credit types spends once: the entry of the first is never written over', async () => {
  const wallet = walletOf('both');
  const other = { ...wallet, creditType: 'calling' };
  await store.ledger.run(addWork({ wallet, amount: 10, cause: 'welcome' }));
  await store.ledger.run(addWork({ wallet: other, amount: 10, cause: 'welcome-too' }));
  const work = { amount: 4, cause: 'request:both' };
  const first = spendWork({ ...work, wallet: other, fingerprint: 'calling' });
  const { ledger } = beforeCommit(store.table, () => store.ledger.run(first));
  const outcome = await ledger.run(spendWork({ ...work, wallet, fingerprint: 'general' }));
  expect(outcome.kind).toBe('reused');
  expect((await store.ledger.loadHead(wallet)).balance).toBe(10);
  const head = await store.ledger.loadHead(other);
  expect(head.balance).toBe(6);
  const { entries } = await store.history.page({ wallet: other, offset: 0, limit: 10 });
  expect(verify(head, entries.toReversed())).toEqual([]);
});

test('a race lost to a commit is decided again without another read', async () => {
  const wallet = walletOf('race');
  await store.ledger.run(addWork({ wallet, amount: 10, cause: 'welcome' }));
  const loser = spendWork({ wallet, amount: 4, cause: 'loser' });
  const calls: string[] = [];
  const { ledger } = beforeCommit(store.table, () =>
    store.ledger.run(spendWork({ wallet, amount: 4, cause: 'winner' })),
  );
  const stop = store.dynamo.onCall((call) => calls.push(`${call.operation} ${call.status}`));
  const outcome = await ledger.run(loser);
  stop();
  expect(entryOf(outcome)).toMatchObject({ balanceBefore: 6, balanceAfter: 2 });
  expect(calls).toEqual([
    'BatchGetItem 200', // the loser
    'BatchGetItem 200', // the winner
    'TransactWriteItems 200', // the winner
    'TransactWriteItems 400', // the loser is late
    'TransactWriteItems 200', // and decides again with the head that came with the refusal
  ]);
});

describe('64 writers on one wallet, 30 % repeated keys', () => {
  test('every acknowledged spend is there exactly once, no overdraft, and the chain verifies', async () => {
    const wallet = walletOf('hot');
    await store.ledger.run(addWork({ wallet, amount: 150, cause: 'welcome' }));
    const works = Array.from({ length: 200 }, (_, n) => {
      const key = n % 10 < 3 ? `shared-${n % 20}` : `own-${n}`;
      return spendWork({ wallet, amount: 1, cause: `request:${key}`, fingerprint: key });
    });
    const outcomes = await pooled(64, works, (work) => store.ledger.run(work));

    const done = outcomes.filter((o) => o.kind === 'committed' || o.kind === 'replayed');
    const ids = new Set(done.map((outcome) => entryOf(outcome).id));
    const head = await store.ledger.loadHead(wallet);
    const entries = await store.ledger.loadEntries(wallet.userId);
    expect(verify(head, entries)).toEqual([]);
    expect(entries.filter((entry) => entry.type === 'usage').length).toBe(ids.size);
    expect(head.balance).toBe(150 - ids.size);
    expect(outcomes.filter((o) => o.kind === 'committed').length).toBe(ids.size);
  });
});

/** A ledger whose first commit lets somebody else go before it. */
function beforeCommit(table: Table, first: () => Promise<unknown>) {
  let pending: (() => Promise<unknown>) | null = first;
  const client = createTableClient(store.config);
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const act = context.commandName === 'TransactWriteItemsCommand' ? pending : null;
      if (act) pending = null;
      await act?.();
      return next(args);
    },
    { step: 'initialize' },
  );
  return { ledger: createLedgerStore({ ...table, client }) };
}

/** Runs everything, at most `width` at a time. */
async function pooled<T, R>(
  width: number,
  inputs: readonly T[],
  act: (input: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = inputs.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const input of queue) results.push(await act(input));
    }),
  );
  return results;
}
