import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Head, WalletRef } from '#lib/ledger/wallet';
import { placeHold } from '#lib/ledger/hold';
import { GRANTS_MAX, HOLDS_MAX } from '#lib/ledger/limits';
import { verify } from '#lib/ledger/verify';
import { transferCredits } from '#lib/wallets/transfer-credits';
import { addWork, entryOf, NOW, openTestLedger, type TestLedger } from '#tests/support/ledger';

const EXPIRY = '2026-11-20T13:00:00.000Z';
const LATER = '2026-11-20T14:00:00.000Z';
const GENERAL = { creditType: 'general' } as const;

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());

const command = (cause: string, now: string) => ({
  now,
  cause,
  actor: 'service:test',
  description: 'Crowd',
});

/** A wallet in which everything it has room for expires at one instant, but for 100 credits. */
async function crowd(userId: string): Promise<WalletRef> {
  const wallet = { userId, ...GENERAL };
  await store.ledger.run(addWork({ wallet, amount: 100, cause: 'stays' }));
  for (let n = 1; n < GRANTS_MAX; n += 1) {
    const cause = `grant:${n}`;
    await store.ledger.run(addWork({ wallet, amount: 2, cause, expiresAt: EXPIRY }));
  }
  for (let n = 0; n < HOLDS_MAX; n += 1) {
    const cause = `hold:${n}`;
    await store.ledger.run({
      wallets: [wallet],
      cause,
      fingerprint: null,
      decide: ({ heads: [head] }) => {
        const terms = { holdId: `h${n}`, amount: 1, expiresAt: EXPIRY };
        const held = placeHold(head, { caps: [], ...command(cause, NOW), ...terms });
        return held.ok ? { ok: true, decisions: [held] } : held;
      },
    });
  }
  return wallet;
}

async function provenHead(wallet: WalletRef): Promise<Head> {
  const head = await store.ledger.loadHead(wallet);
  expect(verify(head, await store.ledger.loadEntries(wallet.userId))).toEqual([]);
  return head;
}

test('a transfer between two wallets in which everything has expired is done, however much there is to write down', async () => {
  const from = await crowd('giver');
  const to = await crowd('taker');
  await store.ledger.write([
    {
      record: 'account',
      id: { userId: to.userId },
      value: { userId: to.userId, email: null, createdAt: NOW },
      version: null,
    },
  ]);
  const outcome = await transferCredits(store.ledger, {
    wallet: from,
    toUserId: to.userId,
    amount: 30,
    command: command('transfer', LATER),
  });
  expect(entryOf(outcome)).toMatchObject({ amount: -30, balanceAfter: 70 });
  expect(await provenHead(from)).toMatchObject({ balance: 70, holds: [] });
  expect(await provenHead(to)).toMatchObject({ balance: 130, holds: [] });
});
