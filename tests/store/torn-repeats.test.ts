import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerAccount } from '#lib/accounts/register-account';
import { applyToProject } from '#lib/applications/apply-to-project';
import type { LedgerStore } from '#lib/ports';
import { createPromoCode } from '#lib/promo/create-promo-code';
import { redeemCode } from '#lib/promo/redeem-code';
import { createLedgerStore } from '#lib/store/ledger-store';
import { addWork, NOW, openTestLedger, type TestLedger } from '#tests/support/ledger';
import { tornClient } from '#tests/support/torn-reads';

/*
 * A client that hears nothing asks again with the same key, while its first try commits. DynamoDB reads the items of a
 * batch each at its own instant, so the repeat may see half of what the first has done. It is its answer all the same.
 */

const request = { cause: 'request:0123456789abcdef0123456789abcdef', fingerprint: 'asked' };
const common = { request, actor: 'user:ann', now: NOW };

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
  const wallet = { userId: 'ann', creditType: 'general' };
  await store.ledger.run(addWork({ wallet, amount: 10, cause: 'gift', now: NOW }));
  await createPromoCode(store.ledger, {
    code: 'ONCE',
    creditType: 'general',
    terms: {
      active: true,
      credits: 5,
      creditsExpireAfterDays: null,
      creditsExpireAt: null,
      description: 'Once',
      expiresAt: null,
      maxUses: 1,
      userIds: null,
    },
    request: { cause: 'request:00000000000000000000000000000000', fingerprint: null },
    audit: { actor: 'admin:ann', groups: [], sourceIp: null, requestId: 'made', at: NOW },
    action: 'createPromoCode',
  });
});
afterAll(() => store.close());

/** The ledger as one sees it whose first look is too early for some items, and in time for the others. */
function tornLedger(isEarly: (key: string) => boolean): LedgerStore {
  return createLedgerStore({ ...store.table, client: tornClient(store.config, isEarly) });
}

const commands = [
  {
    name: 'an application',
    run: (ledger: LedgerStore) =>
      applyToProject(ledger, { ...common, userId: 'ann', projectId: 'p1', metadata: {} }),
    done: 'applied',
    early: /ENTRY#/,
  },
  {
    name: 'the last use of a code',
    run: (ledger: LedgerStore) => redeemCode(ledger, { ...common, userId: 'ann', code: 'ONCE' }),
    done: 'redeemed',
    early: /REDEMPTION#|REQUEST#/,
  },
  {
    name: 'a use of a code',
    run: (ledger: LedgerStore) => redeemCode(ledger, { ...common, userId: 'ann', code: 'ONCE' }),
    done: 'replayed',
    early: /ENTRY#/,
  },
];

test.each(commands)(
  '$name, asked for again while it commits, is answered as the first time',
  async ({ done, early, run }) => {
    expect((await run(store.ledger)).kind).toBe(done);
    expect((await run(tornLedger((key) => early.test(key)))).kind).toBe('replayed');
  },
);

test('an account, asked for again while it is made, is answered as the first time', async () => {
  const register = (ledger: LedgerStore) =>
    registerAccount(ledger, {
      cause: 'request:11111111111111111111111111111111',
      fingerprint: 'asked',
      userId: 'bob',
      email: null,
      now: NOW,
      actor: 'service:app',
    });
  expect((await register(store.ledger)).kind).toBe('registered');
  expect((await register(tornLedger((key) => key.includes('ENTRY#')))).kind).toBe('replayed');
});
