import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verify } from '#lib/ledger/verify';
import { createDueStore } from '#lib/store/due-store';
import { headKey } from '#lib/store/keys';
import { sweepWallets } from '#lib/wallets/sweep-wallets';
import {
  addWork,
  entryOf,
  NOW,
  openTestLedger,
  spendWork,
  type TestLedger,
} from '#tests/support/ledger';

const LATER = '2026-11-20T14:00:00.000Z';
const EXPIRY = '2026-11-20T13:00:00.000Z';

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());

const sweep = (now: string) =>
  sweepWallets({ ledger: store.ledger, due: createDueStore(store.table) }, now);

test('a sweep writes what has expired, once, and leaves what has not', async () => {
  const wallets = Array.from({ length: 30 }, (_, n) => ({
    userId: `u${n}`,
    creditType: 'general',
  }));
  for (const wallet of wallets) {
    await store.ledger.run(addWork({ wallet, amount: 5, cause: 'soon', expiresAt: EXPIRY }));
    await store.ledger.run(addWork({ wallet, amount: 7, cause: 'never' }));
  }
  expect(await sweep(NOW)).toEqual({ entries: 0, more: false });
  const sweeps = await Promise.all([sweep(LATER), sweep(LATER)]);
  expect(await sweep(LATER)).toEqual({ entries: 0, more: false });
  expect(sweeps.reduce((sum, each) => sum + each.entries, 0)).toBe(30);
  for (const wallet of wallets) {
    const head = await store.ledger.loadHead(wallet);
    const entries = await store.ledger.loadEntries(wallet.userId);
    expect(head.balance).toBe(7);
    expect(entries.filter((entry) => entry.type === 'expiry')).toHaveLength(1);
    expect(verify(head, entries)).toEqual([]);
  }
});

test('a wallet that makes no sense is complained about, and keeps nobody waiting', async () => {
  const wallets = ['odd-1', 'odd-2', 'sound-1', 'sound-2'].map((userId) => ({
    userId,
    creditType: 'general',
  }));
  for (const wallet of wallets) {
    await store.ledger.run(addWork({ wallet, amount: 5, cause: 'soon', expiresAt: EXPIRY }));
  }
  for (const wallet of wallets.slice(0, 2)) {
    const Key = headKey(wallet);
    const { Item } = await store.documents.send(
      new GetCommand({ TableName: store.tableName, Key }),
    );
    const odd = new PutCommand({ TableName: store.tableName, Item: { ...Item, balance: 'five' } });
    await store.documents.send(odd);
  }
  await expect(sweep(LATER)).rejects.toThrow(/2 failed, the first: .*WALLET#general.*balance/);
  for (const wallet of wallets.slice(2)) {
    expect((await store.ledger.loadHead(wallet)).balance).toBe(0);
  }
  for (const wallet of wallets.slice(0, 2)) {
    const Key = headKey(wallet);
    await store.documents.send(new DeleteCommand({ TableName: store.tableName, Key }));
  }
});

test('a spend that came first has written the expiry, and the sweep finds nothing to do', async () => {
  const wallet = { userId: 'quick', creditType: 'general' };
  await store.ledger.run(addWork({ wallet, amount: 5, cause: 'soon', expiresAt: EXPIRY }));
  await store.ledger.run(addWork({ wallet, amount: 7, cause: 'never' }));
  const spent = await store.ledger.run(spendWork({ wallet, amount: 1, cause: 'x', now: LATER }));
  expect(entryOf(spent)).toMatchObject({ balanceBefore: 7, balanceAfter: 6 });
  expect(await sweep(LATER)).toEqual({ entries: 0, more: false });
});
