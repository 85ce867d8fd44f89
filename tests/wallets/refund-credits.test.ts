import { afterAll, beforeAll, expect, test } from 'vitest';
import { verify } from '#lib/ledger/verify';
import { refundCredits } from '#lib/wallets/refund-credits';
import {
  addWork,
  entryOf,
  NOW,
  openTestLedger,
  spendWork,
  type TestLedger,
} from '#tests/support/ledger';

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());

async function spentBy(userId: string, amount: number): Promise<string> {
  const wallet = { userId, creditType: 'general' };
  await store.ledger.run(addWork({ wallet, amount: 100, cause: 'start' }));
  return entryOf(await store.ledger.run(spendWork({ wallet, amount, cause: 'spend' }))).id;
}

const refund = (userId: string, transactionId: string, cause: string, amount?: number) =>
  refundCredits(store.ledger, {
    userId,
    transactionId,
    amount,
    command: { now: NOW, cause, actor: 'service:test', description: 'Refund' },
  });

test('twenty parallel partial refunds give back what was spent and not one credit more', async () => {
  const spend = await spentBy('alice', 50);
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, n) => refund('alice', spend, `refund:${n}`, 10)),
  );
  expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(5);
  const refusals = outcomes.flatMap((each) => (each.kind === 'refused' ? [each.refusal.code] : []));
  expect(new Set(refusals)).toEqual(new Set(['ALREADY_REFUNDED']));
  const head = await store.ledger.loadHead({ userId: 'alice', creditType: 'general' });
  expect(head.balance).toBe(100);
  expect(verify(head, await store.ledger.loadEntries('alice'))).toEqual([]);
});

test('a second full refund is refused, and the replay of the first is not', async () => {
  const spend = await spentBy('bob', 30);
  expect((await refund('bob', spend, 'first')).kind).toBe('committed');
  expect((await refund('bob', spend, 'first')).kind).toBe('replayed');
  expect(await refund('bob', spend, 'second')).toEqual({
    kind: 'refused',
    refusal: { code: 'ALREADY_REFUNDED' },
  });
});

test('another user’s spend is as missing as one that never was', async () => {
  const spend = await spentBy('carol', 30);
  expect(await refund('mallory', spend, 'steal')).toEqual({ kind: 'missing' });
  expect(await refund('carol', 'txn_none', 'typo')).toEqual({ kind: 'missing' });
});
