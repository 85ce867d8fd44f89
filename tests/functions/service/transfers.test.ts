import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serviceRoutes } from '#lib/contract/routes/service';
import { transferRoutes } from '#lib/contract/routes/transfers';
import { transferMovement } from '#lib/contract/wire';
import { freeze } from '#lib/ledger/freeze';
import { planOf } from '#lib/wallets/plan';
import { openBackend } from '#tests/functions/service/backend';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';
import { setSetting } from '#tests/support/settings';

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
  for (const userId of ['alice', 'bob', 'carol']) await register(userId);
});
afterAll(() => store.close());

async function register(userId: string): Promise<void> {
  const value = { userId, email: null, createdAt: '2026-03-01T00:00:00.000Z' };
  await store.ledger.write([{ record: 'account', id: { userId }, value, version: null }]);
}

const setLimit = (value: number) => setSetting(store.ledger, 'transfer_limit_per_day', value);

function open() {
  const backend = openBackend(store);
  return {
    at: backend.at,
    add: (userId: string, amount: number, terms: object = {}) =>
      backend.call(serviceRoutes.addCredits, {
        params: { userId },
        body: { amount, description: 'Start', ...terms },
      }),
    send: (from: string, to: string, amount: number, key?: string) =>
      backend.call(transferRoutes.transferCredits, {
        params: { userId: from },
        body: { to_user_id: to, amount },
        ...(key !== undefined && { key }),
      }),
  };
}

const balanceOf = async (userId: string) =>
  (await store.ledger.loadHead({ userId, creditType: 'general' })).balance;

describe('a transfer', () => {
  test('moves credits with their terms, and answers the sender with both transactions', async () => {
    const { add, send } = open();
    const expires = '2026-04-01T00:00:00.000Z';
    await add('alice', 30, { category: 'paid', priority: 7, expires_at: expires });
    const sent = await send('alice', 'bob', 20, 'gift');
    const told = transferMovement.parse(sent.body);
    expect(told).toMatchObject({
      balance: 10,
      to_user_id: 'bob',
      transaction: { type: 'transfer_out', amount: -20, reference: { type: 'user', id: 'bob' } },
    });
    const received = await store.ledger.loadEntry({
      userId: 'bob',
      entryId: told.to_transaction_id,
    });
    expect(received).toMatchObject({
      type: 'transfer_in',
      amount: 20,
      draws: [{ category: 'paid', priority: 7, expiresAt: expires }],
    });
    const again = await send('alice', 'bob', 20, 'gift');
    expect(again).toEqual({ ...sent, replayed: true, headers: again.headers });
    expect([await balanceOf('alice'), await balanceOf('bob')]).toEqual([10, 20]);
  });

  test('of two senders with the same key to the same receiver are two', async () => {
    const { add, send } = open();
    await add('carol', 5);
    const before = await balanceOf('bob');
    expect((await send('carol', 'bob', 5, 'gift')).status).toBe(201);
    expect(await balanceOf('bob')).toBe(before + 5);
  });

  test('to oneself, to nobody, or of more than is available is refused', async () => {
    const { add, send } = open();
    await add('alice', 1);
    const there = await balanceOf('alice');
    const refusals = [
      [await send('alice', 'alice', 1), 400, 'SELF_TRANSFER'],
      [await send('alice', 'nobody', 1), 404, 'NOT_FOUND'],
      [await send('alice', 'bob', there + 1), 402, 'INSUFFICIENT_CREDITS'],
    ] as const;
    for (const [answer, status, code] of refusals) {
      expect(answer).toMatchObject({ status, body: { code } });
    }
    expect(await balanceOf('alice')).toBe(there);
  });
});

test('neither side of a transfer may be frozen', async () => {
  const { add, send } = open();
  await register('fay');
  await add('fay', 10);
  await add('carol', 10);
  const cause = 'request:freeze';
  const command = {
    now: '2026-03-01T12:00:00.000Z',
    cause,
    actor: 'admin:a',
    description: 'Fraud',
  };
  await store.ledger.run({
    wallets: [{ userId: 'fay', creditType: 'general' }],
    cause,
    fingerprint: null,
    decide: ({ heads: [head] }) => planOf(freeze(head, command)),
  });
  for (const answer of [await send('fay', 'carol', 1), await send('carol', 'fay', 1)]) {
    expect(answer.body['code']).toBe('WALLET_FROZEN');
  }
  expect(await balanceOf('fay')).toBe(10);
});

test('the limit of a day holds against ten at once, counts from midnight, and starts again', async () => {
  await register('dora');
  const { add, send, at } = open();
  at('2026-03-02T23:00:00.000Z');
  await add('dora', 1_000);
  expect((await send('dora', 'bob', 30)).status).toBe(201);
  // What went out before anybody set a limit counts, too.
  await setLimit(100);
  const sent = await Promise.all(Array.from({ length: 10 }, () => send('dora', 'bob', 20)));
  expect(sent.filter(({ status }) => status === 201)).toHaveLength(3);
  expect(sent.find(({ status }) => status !== 201)).toMatchObject({
    status: 429,
    headers: { 'retry-after': '3600' },
    body: { code: 'TRANSFER_LIMIT_EXCEEDED', limit: 100, remaining: 10 },
  });
  expect((await send('dora', 'bob', 10)).status).toBe(201);
  at('2026-03-03T00:00:00.000Z');
  expect((await send('dora', 'bob', 101)).status).toBe(429);
  expect((await send('dora', 'bob', 100)).status).toBe(201);
  await setLimit(0);
  expect((await send('dora', 'bob', 500)).status).toBe(201);
});
