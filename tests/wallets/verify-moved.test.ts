import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entryId } from '#lib/ledger/entry';
import { createDayStore } from '#lib/store/day-store';
import { entryKey, headKey, type Key } from '#lib/store/keys';
import { verifyMovedWallets } from '#lib/wallets/verify-moved';
import { addWork, openTestLedger, spendWork, type TestLedger } from '#tests/support/ledger';

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());

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
    { ledger: store.ledger, history: store.history, days: createDayStore(store.table) },
    { now, hasTime },
  );

async function tamper(key: Key, change: object): Promise<void> {
  const { documents, tableName: TableName } = store;
  const { Item } = await documents.send(new GetCommand({ TableName, Key: key }));
  await documents.send(new PutCommand({ TableName, Item: { ...Item, ...change } }));
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
  await tamper(headKey(walletOf('richer')), { balance: 1_000 });
  await tamper(entryOfSpend('cheaper', 2), { amount: -1 });
  const Key = entryOfSpend('emptied', 2);
  await store.documents.send(new DeleteCommand({ TableName: store.table.name, Key }));

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
