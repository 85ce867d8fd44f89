import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { holdRoutes } from '#lib/contract/routes/holds';
import { serviceRoutes } from '#lib/contract/routes/service';
import { transferRoutes } from '#lib/contract/routes/transfers';
import { batch } from '#lib/contract/wire';
import { verify } from '#lib/ledger/verify';
import { createTableClient } from '#lib/store/table';
import { openBackend } from '#tests/functions/service/backend';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());

interface Asked {
  readonly amount: number;
  readonly key: string;
}

/** A backend whose first transaction comes only after something else has happened. */
function openLateBackend(before: () => Promise<unknown>) {
  const client = createTableClient(store.config);
  let waits: Promise<unknown> | null = null;
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        if (commandName.startsWith('TransactWrite')) await (waits ??= before());
        return next(args);
      },
    { step: 'initialize' },
  );
  return openBackend({ ...store, table: { ...store.table, client } });
}

async function userWith(userId: string, amount: number) {
  const user = userOf(userId);
  await user.add(amount);
  return user;
}

function userOf(userId: string, backend = openBackend(store)) {
  const params = { userId };
  const add = (credits: number) =>
    backend.call(serviceRoutes.addCredits, {
      params,
      body: { amount: credits, description: 'Start' },
    });
  return {
    add,
    at: backend.at,
    grant: (body: object) =>
      backend.call(serviceRoutes.addCredits, { params, body: { description: 'Start', ...body } }),
    hold: (held: number) =>
      backend.call(holdRoutes.placeHold, {
        params,
        body: { amount: held, description: 'Job', expires_in: 60 },
      }),
    batch: (spends: readonly Asked[], options: { key?: string; partial?: boolean } = {}) => {
      const { key, partial } = options;
      return backend.call(transferRoutes.deductBatch, {
        params,
        body: {
          spends: spends.map((each) => ({
            amount: each.amount,
            description: 'Enrich a lead',
            idempotency_key: each.key,
          })),
          ...(partial !== undefined && { partial }),
        },
        ...(key !== undefined && { key }),
      });
    },
    async entries() {
      const entries = await store.ledger.loadEntries(userId);
      const head = await store.ledger.loadHead({ userId, creditType: 'general' });
      expect(verify(head, entries)).toEqual([]);
      return entries.filter(({ type }) => type === 'usage');
    },
    balance: async () => (await store.ledger.loadHead({ userId, creditType: 'general' })).balance,
  };
}

const spendsOf = (amounts: readonly number[], name = 'lead'): readonly Asked[] =>
  amounts.map((amount, n) => ({ amount, key: `${name}-${n}` }));
const statuses = ({ results }: z.output<typeof batch>) => results.map(({ status }) => status);

describe('a batch of forty with one that does not fit', () => {
  // The seventh needs more than the six before it have left.
  const forty = spendsOf(Array.from({ length: 40 }, (_, n) => (n === 6 ? 900 : 10)));

  test('writes nothing when it is all or nothing, and says what all of it needs', async () => {
    const user = await userWith('all', 900);
    const refused = await user.batch(forty, { key: 'night' });
    expect(refused).toMatchObject({
      status: 402,
      body: {
        code: 'INSUFFICIENT_CREDITS',
        required: 1_290,
        available: 900,
        shortfall: 390,
        spend_index: 6,
      },
    });
    expect(await user.entries()).toEqual([]);
    await user.add(400);
    const done = batch.parse((await user.batch(forty, { key: 'night' })).body);
    expect([done.balance, done.credits_spent]).toEqual([10, 1_290]);
    expect(await user.entries()).toHaveLength(40);
  });

  test('writes those that fit when it may be partial, and its replay is the same answer for ever', async () => {
    const user = await userWith('part', 900);
    const first = await user.batch(forty, { key: 'night', partial: true });
    const told = batch.parse(first.body);
    expect([first.status, told.balance, told.credits_spent]).toEqual([201, 510, 390]);
    expect(told.results[6]).toMatchObject({
      status: 'refused',
      transaction_id: null,
      refusal: { code: 'INSUFFICIENT_CREDITS', required: 900, available: 840, shortfall: 60 },
    });
    expect(statuses(told).filter((status) => status === 'spent')).toHaveLength(39);
    // By now there would be enough for it.
    await user.add(5_000);
    const again = await user.batch(forty, { key: 'night', partial: true });
    expect(again).toEqual({ ...first, replayed: true, headers: again.headers });
    expect(await user.balance()).toBe(5_510);
    expect(await user.entries()).toHaveLength(39);
  });

  test('of which nothing fits is refused once and for all when it may be partial', async () => {
    const user = await userWith('none', 5);
    const first = await user.batch(spendsOf([6, 7]), { key: 'night', partial: true });
    await user.add(100);
    const again = await user.batch(spendsOf([6, 7]), { key: 'night', partial: true });
    expect(again.body).toEqual(first.body);
    expect(statuses(batch.parse(again.body))).toEqual(['refused', 'refused']);
  });
});

describe('a spend of a batch', () => {
  test('happens once, in whatever batch it comes again', async () => {
    const user = await userWith('twice', 100);
    const first = batch.parse((await user.batch(spendsOf([10, 20]), { key: 'a' })).body);
    const second = await user.batch([...spendsOf([10, 20]), { amount: 30, key: 'new' }], {
      key: 'b',
    });
    const told = batch.parse(second.body);
    expect(statuses(told)).toEqual(['replayed', 'replayed', 'spent']);
    expect(told.results[1]?.transaction).toEqual(first.results[1]?.transaction);
    expect([told.balance, told.credits_spent]).toEqual([40, 30]);
    const again = await user.batch([...spendsOf([10, 20]), { amount: 30, key: 'new' }], {
      key: 'b',
    });
    expect(again.body).toEqual(second.body);
    // Without a key of its own a batch is told by those of its spends.
    const bare = batch.parse((await user.batch(spendsOf([10, 20]))).body);
    expect(statuses(bare)).toEqual(['replayed', 'replayed']);
    expect(await user.balance()).toBe(40);
  });

  test('whose key belongs to another spend is refused, alone or with its batch', async () => {
    const user = await userWith('reuse', 100);
    await user.batch(spendsOf([10]));
    const mixed = [{ amount: 5, key: 'fresh' }, ...spendsOf([11])];
    expect(await user.batch(mixed)).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED', spend_index: 1 },
    });
    const told = batch.parse((await user.batch(mixed, { partial: true })).body);
    expect(told.results.map(({ status, refusal }) => [status, refusal?.code])).toEqual([
      ['spent', undefined],
      ['refused', 'IDEMPOTENCY_KEY_REUSED'],
    ]);
    expect(await user.balance()).toBe(85);
  });

  test('may not share its key with another of its batch, and a batch has one to forty', async () => {
    const user = await userWith('shape', 100);
    const twins = [
      { amount: 1, key: 'k' },
      { amount: 2, key: 'k' },
    ];
    const tooMany = spendsOf(Array.from({ length: 41 }, () => 1));
    const bad = [twins, [], tooMany, spendsOf([0]), spendsOf([1.5]), [{ amount: 1, key: '' }]];
    for (const spends of bad) {
      expect(await user.batch(spends)).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION_FAILED' },
      });
    }
    expect(await user.entries()).toEqual([]);
  });
});

describe('a batch that loses a race after it has looked for its spends', () => {
  test('to itself gives the first answer', async () => {
    const user = await userWith('itself', 5);
    const spends = spendsOf([6, 1]);
    const late = openLateBackend(async () => {
      await user.add(10);
      await user.batch(spends, { key: 'night', partial: true });
    });
    const answer = await userOf('itself', late).batch(spends, { key: 'night', partial: true });
    expect([answer.status, answer.replayed]).toEqual([201, true]);
    expect(statuses(batch.parse(answer.body))).toEqual(['spent', 'spent']);
    expect(await user.balance()).toBe(8);
  });

  test('to another batch does not refuse what that one has done', async () => {
    const user = await userWith('other-one', 5);
    const late = openLateBackend(async () => {
      await user.add(2);
      await user.batch(spendsOf([6]), { key: 'first' });
    });
    const answer = await userOf('other-one', late).batch(spendsOf([6, 1]), {
      key: 'second',
      partial: true,
    });
    expect(statuses(batch.parse(answer.body))).toEqual(['replayed', 'spent']);
    expect(await user.balance()).toBe(0);
  });
});

test('forty spends that are new cost two round trips and read no entry', async () => {
  const user = await userWith('cost', 101);
  // The instance has seen the spending caps a moment ago.
  await user.batch(spendsOf([1], 'before'));
  const forty = spendsOf(Array.from({ length: 40 }, () => 1));
  const { result, cost } = await store.measure(() => user.batch(forty, { key: 'night' }));
  expect(result.status).toBe(201);
  expect(cost).toMatchObject({ calls: ['BatchGetItem', 'TransactWriteItems'], readUnits: 2 });
});

test('a key of a batch with other content is refused', async () => {
  const user = await userWith('other', 100);
  await user.batch(spendsOf([1]), { key: 'night' });
  expect(await user.batch(spendsOf([2], 'new'), { key: 'night' })).toMatchObject({
    status: 422,
    body: { code: 'IDEMPOTENCY_KEY_REUSED' },
  });
  expect(await user.balance()).toBe(99);
});

test('batches that share their spends and come at the same time do each spend once', async () => {
  const user = await userWith('race', 1_000);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      user.batch([...spendsOf([1, 2, 3]), { amount: 10, key: `own-${n}` }], {
        key: `batch-${n % 4}`,
        partial: n % 2 === 0,
      }),
    ),
  );
  const done = answers.filter(({ status }) => status === 201);
  // Two of the same key differ in content: one of each pair comes first.
  expect(done).toHaveLength(4);
  expect(await user.entries()).toHaveLength(3 + 4);
  expect(await user.balance()).toBe(1_000 - 6 - 40);
});

test('a batch that finds more expired than fits into its transaction lets that go first', async () => {
  const user = await userWith('crowded', 100);
  for (let n = 0; n < 39; n += 1) {
    const terms = { priority: n, expires_at: `2026-03-01T13:00:00.${100 + n}Z` };
    await user.grant({ amount: 2, ...terms });
  }
  for (let n = 0; n < 20; n += 1) await user.hold(1);
  user.at('2026-03-01T14:00:00.000Z');
  // 20 holds and 39 grants are over: with forty spends that is more than a transaction takes.
  const done = await user.batch(spendsOf(Array.from({ length: 40 }, () => 1)));
  expect(batch.parse(done.body).balance).toBe(60);
  expect(await user.entries()).toHaveLength(40);
});
