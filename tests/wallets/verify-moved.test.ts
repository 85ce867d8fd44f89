import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { entryId } from '#lib/ledger/entry';
import { createMoveStore } from '#lib/store/day-store';
import { entryKey, headKey, type Key } from '#lib/store/keys';
import { verifyMovedWallets } from '#lib/wallets/verify-moved';
import { verifyWallets } from '#lib/wallets/verify-wallets';
import { addWork, openTestLedger, spendWork, type TestLedger } from '#tests/support/ledger';

let store: TestLedger;
beforeEach(async () => {
  store = await openTestLedger();
});
afterEach(() => store.close());

const walletOf = (userId: string) => ({ userId, creditType: 'general' });

/** A user who got 100 credits in the first hour and spends three times in an hour of the test's choice. */
async function spender(userId: string, hour: string): Promise<void> {
  const wallet = walletOf(userId);
  const granted = { wallet, amount: 100, cause: 'gift', now: '2026-11-20T08:10:00.000Z' };
  await store.ledger.run(addWork(granted));
  for (const n of [1, 2, 3]) {
    const now = `2026-11-20T${hour}:${n}0:00.000Z`;
    await store.ledger.run(spendWork({ wallet, amount: n, cause: `spend:${n}`, now }));
  }
}

const run = (now: string, hasTime = () => true) =>
  verifyMovedWallets(
    { ledger: store.ledger, history: store.history, moves: createMoveStore(store.table) },
    { now, hasTime },
  );

async function tamper(key: Key, change: object): Promise<void> {
  const { documents, tableName: TableName } = store;
  const { Item } = await documents.send(new GetCommand({ TableName, Key: key }));
  await documents.send(new PutCommand({ TableName, Item: { ...Item, ...change } }));
}

async function drop(Key: Key): Promise<void> {
  await store.documents.send(new DeleteCommand({ TableName: store.table.name, Key }));
}

/** What a run finds: by user, each problem and where it is. */
async function findings(now: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const { broken } = await run(now);
  return Object.fromEntries(
    broken.map(({ wallet, problems }) => [
      wallet.userId,
      problems.map(({ code, seq }) => `${code} at ${seq}`),
    ]),
  );
}

const entryOfSpend = (userId: string, n: number) =>
  entryKey({ userId, entryId: entryId(walletOf(userId), `spend:${n}`) });

test('the ledger is proven hour by hour, each hour once, and a run that is cut off goes on where it ended', async () => {
  await spender('early', '09');
  await spender('late', '10');
  const first = await run('2026-11-20T10:30:00.000Z');
  expect(first).toEqual({ wallets: 3, broken: [], verifiedTo: '2026-11-20T10:00:00.000Z' });
  let hours = 0;
  const cutOff = await run('2026-11-20T14:30:00.000Z', () => (hours += 1) <= 1);
  expect(cutOff).toEqual({ wallets: 1, broken: [], verifiedTo: '2026-11-20T11:00:00.000Z' });
  const rest = await run('2026-11-20T14:30:00.000Z');
  expect(rest).toEqual({ wallets: 0, broken: [], verifiedTo: '2026-11-20T14:00:00.000Z' });
  expect((await run('2026-11-20T14:30:00.000Z')).wallets).toBe(0);
});

test('whoever changes a head or an entry, or takes one away, is found out within the hour, and nobody else is', async () => {
  const users = ['honest', 'richer', 'cheaper', 'emptied'];
  for (const user of users) await spender(user, '15');
  await run('2026-11-20T15:25:00.000Z');
  await tamper(headKey(walletOf('richer')), { balance: 1_000 });
  await tamper(entryOfSpend('cheaper', 2), { amount: -1 });
  await drop(entryOfSpend('emptied', 2));

  const proof = await run('2026-11-20T16:30:00.000Z');
  expect(proof).toMatchObject({ wallets: 4, verifiedTo: '2026-11-20T16:00:00.000Z' });
  const found = new Map(
    proof.broken.map(({ wallet, problems }) => [
      wallet.userId,
      problems.map(({ code, seq }) => `${code} at ${seq}`),
    ]),
  );
  expect([...found.keys()].toSorted()).toEqual(['cheaper', 'emptied', 'richer']);
  expect(found.get('richer')).toEqual(['HEAD_MISMATCH at 0']);
  expect(found.get('cheaper')).toContain('HASH_MISMATCH at 3');
  expect(found.get('emptied')).toContain('SEQUENCE_BROKEN at 4');
});

test('a head that is older than its entries, or gone, is found out: they were spent once already', async () => {
  const { documents, tableName: TableName } = store;
  for (const user of ['restored', 'headless', 'whole']) await spender(user, '17');
  expect(await findings('2026-11-20T18:30:00.000Z')).toEqual({});

  const Key = headKey(walletOf('restored'));
  const { Item } = await documents.send(new GetCommand({ TableName, Key }));
  for (const user of ['restored', 'headless', 'whole']) {
    const now = '2026-11-20T18:40:00.000Z';
    await store.ledger.run(spendWork({ wallet: walletOf(user), amount: 60, cause: 'last', now }));
  }
  await documents.send(new PutCommand({ TableName, Item: Item ?? {} }));
  await drop(headKey(walletOf('headless')));
  expect(await findings('2026-11-20T19:30:00.000Z')).toEqual({
    restored: ['HEAD_MISMATCH at 0'],
    headless: ['HEAD_MISMATCH at 0'],
  });
});

test.each([
  ['the first', 'gift'],
  ['one in the middle', 'spend:1'],
  ['the one that dates are searched at', 'spend:2'],
  ['the newest', 'spend:3'],
])(
  'an entry that is gone (%s) is found out, and everybody else is proven all the same',
  async (_, cause) => {
    for (const user of ['gap', 'richer']) await spender(user, '09');
    expect(await findings('2026-11-20T09:25:00.000Z')).toEqual({});
    await drop(entryKey({ userId: 'gap', entryId: entryId(walletOf('gap'), cause) }));
    await tamper(headKey(walletOf('richer')), { balance: 1_000 });

    const { broken, verifiedTo } = await run('2026-11-20T10:30:00.000Z');
    expect(broken.map(({ wallet }) => wallet.userId).toSorted()).toEqual(['gap', 'richer']);
    expect(verifiedTo).toBe('2026-11-20T10:00:00.000Z');
  },
);

test.each([
  ['an amount', (user: string) => entryOfSpend(user, 2), { amount: -1.5 }, 'UNREADABLE at 3'],
  ['a number', (user: string) => entryOfSpend(user, 2), { seq: 'three' }, 'UNREADABLE at 0'],
  ['a balance', (user: string) => headKey(walletOf(user)), { balance: '9' }, 'UNREADABLE at 0'],
])(
  '%s that makes no sense is found out, and hides nobody else',
  async (_, keyOf, change, problem) => {
    for (const user of ['odd', 'richer']) await spender(user, '09');
    await tamper(keyOf('odd'), change);
    await tamper(headKey(walletOf('richer')), { balance: 1_000 });
    const found = await findings('2026-11-20T10:30:00.000Z');
    expect(Object.keys(found).toSorted()).toEqual(['odd', 'richer']);
    expect(found.odd).toContain(problem);
    const [proof] = await verifyWallets(store.ledger, 'odd');
    expect(proof?.problems[0]).toMatchObject({ code: 'UNREADABLE' });
  },
);

test('quiet days are passed over with one look, and whatever moved behind them is proven', async () => {
  await spender('before', '09');
  await run('2026-11-20T10:30:00.000Z');
  const wallet = walletOf('before');
  const after = [
    ['one', '2026-11-21T00:00:00.000Z'],
    ['two', '2026-11-23T23:59:59.999Z'],
    ['three', '2026-11-24T12:30:00.000Z'],
  ] as const;
  for (const [cause, now] of after) {
    await store.ledger.run(spendWork({ wallet, amount: 1, cause, now }));
  }
  const { cost, result } = await store.measure(() => run('2026-11-24T14:30:00.000Z'));
  expect(result).toEqual({ wallets: 3, broken: [], verifiedTo: '2026-11-24T14:00:00.000Z' });
  // Hour by hour it would be 100 looks at eight shards.
  expect(cost.calls.length).toBeLessThan(35 * 8);
});
