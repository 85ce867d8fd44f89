import { afterAll, beforeAll, expect, it } from 'vitest';
import { readUser } from '#lib/admin/read-user';
import { adminPromoRoutes } from '#lib/contract/routes/admin-promo';
import { adminUserRoutes } from '#lib/contract/routes/admin-users';
import { adminWalletRoutes } from '#lib/contract/routes/admin-wallets';
import { applicationRoutes } from '#lib/contract/routes/applications';
import { holdRoutes } from '#lib/contract/routes/holds';
import { serviceRoutes } from '#lib/contract/routes/service';
import { createApplicationStore } from '#lib/store/application-store';
import { createAuditStore } from '#lib/store/audit-store';
import { createEmailStore } from '#lib/store/email-store';
import { createPurchaseStore } from '#lib/store/purchase-store';
import { freeSubscription } from '#lib/subscriptions/subscription';
import { noTopUp } from '#lib/topups/top-up';
import { verifyWallets } from '#lib/wallets/verify-wallets';
import { openOffice } from '#tests/functions/admin/office';
import { openDesk } from '#tests/functions/applications/desk';
import { bodyOf, codeOf } from '#tests/functions/purchases/shop';
import { openBackend } from '#tests/functions/service/backend';
import { NOW } from '#tests/http/events';
import { purchaseOf } from '#tests/purchases/purchase-builders';
import { addWork, openTestLedger, spendWork, type TestLedger } from '#tests/support/ledger';

const { getUser, getUserShort } = adminUserRoutes;

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});

const ask = (userId: string, route = getUser) =>
  openOffice(test, { group: 'support' }).call(route, { params: { userId } });
const view = async (userId: string) => bodyOf(getUser, 200, await ask(userId));

/** Somebody to whom everything has happened once. */
async function busyUser(userId: string): Promise<void> {
  const account = { userId, email: 'ada@example.com', createdAt: NOW };
  const purchase = purchaseOf({ id: `pur_${userId}`, userId });
  const email = {
    userId,
    kind: 'purchase_receipt',
    subjectId: purchase.id,
    state: 'rejected',
    claimedAt: NOW,
    attempts: 2,
    messageId: null,
    reason: 'MessageRejected',
    updatedAt: NOW,
  } as const;
  const plan = freeSubscription({ userId, now: NOW, periodEnd: '2026-04-01T12:00:00.000Z' });
  const create = { version: null };
  const calling = { userId, creditType: 'calling' };
  const written = await test.ledger.write([
    { record: 'account', id: { userId }, value: account, ...create },
    { record: 'purchase', id: { purchaseId: purchase.id }, value: purchase, ...create },
    { record: 'purchaseCount', id: { userId }, value: { count: 1, recent: [] }, ...create },
    { record: 'email', id: email, value: email, ...create },
    { record: 'subscription', id: { userId }, value: plan, ...create },
    { record: 'topUp', id: calling, value: noTopUp(calling), ...create },
  ]);
  expect(written).toBe(true);
  const backend = openBackend(test);
  const params = { userId };
  const about = { description: 'Import' };
  for (const [route, body] of [
    [serviceRoutes.addCredits, { ...about, amount: 100, expires_at: '2026-05-01T00:00:00Z' }],
    [serviceRoutes.deductCredits, { ...about, amount: 5 }],
    [holdRoutes.placeHold, { ...about, amount: 10 }],
  ] as const) {
    expect((await backend.call(route, { params, body })).status).toBe(201);
  }
  const admin = openOffice(test, { group: 'admin' });
  const code = { code: `HELLO-${userId}`, credits: 7, credit_type: 'calling' };
  await admin.call(adminPromoRoutes.createPromoCode, { body: code });
  const desk = openDesk(test);
  await desk.call(applicationRoutes.redeemCode, userId, { body: { code: code.code } });
  await desk.call(applicationRoutes.applyToProject, userId, { body: { project_id: 'project-1' } });
  const freeze = { credit_type: 'general', reason: 'Asked by phone' };
  await admin.call(adminWalletRoutes.freezeUser, { params, body: freeze });
}

it('shows support all of a user on one page, by the long and the short path', async () => {
  await busyUser('ada');
  const seen = await view('ada');
  expect(bodyOf(getUserShort, 200, await ask('ada', getUserShort))).toEqual(seen);
  expect(seen).toMatchObject({
    account: { user_id: 'ada', email: 'ada@example.com' },
    wallets: [
      { credit_type: 'calling', credits_balance: 7, frozen: false },
      {
        credit_type: 'general',
        credits_balance: 94,
        credits_held: 10,
        credits_available: 84,
        debt: 0,
        frozen: true,
        grants: [{ category: 'promotional', remaining: 94, held: 10 }],
      },
    ],
    open_holds: [{ amount: 10, state: 'open' }],
    purchases: [{ purchase_id: 'pur_ada', status: 'pending', amount: 1_000 }],
    purchases_total: 1,
    applications: [{ project_id: 'project-1', status: 'applied', credits: 1 }],
    applications_total: 1,
    redemptions: [{ code: 'HELLO-ADA', credits: 7, credit_type: 'calling' }],
    subscription: { tier: 'FREE', status: 'ACTIVE', subscription_id: null },
    auto_topups: [{ credit_type: 'calling', enabled: false, state: 'off', available: 7 }],
    emails: [{ kind: 'purchase_receipt', state: 'rejected', reason: 'MessageRejected' }],
    emails_complete: true,
    audit: [{ actor: 'admin:admin-1', action: 'freezeUser', reason: 'Asked by phone' }],
    verification: { entries: 6, result: { ok: true } },
  });
  const types = seen.transactions.map(({ credit_type, type }) => `${credit_type} ${type}`);
  expect(types.toSorted()).toEqual(
    [
      'calling promo',
      'general bonus',
      'general freeze',
      'general hold',
      'general usage',
      'general usage',
    ].toSorted(),
  );
  expect(types[0]).toBe('general freeze');
  expect(JSON.stringify(seen.audit)).not.toContain('192.0.2.1');
});

it('knows nobody who has nothing, and says so by both paths', async () => {
  expect(codeOf(await ask('nobody'))).toBe('NOT_FOUND');
  expect(codeOf(await ask('nobody', getUserShort))).toBe('NOT_FOUND');
});

it('shows somebody who has begun a purchase and nothing else', async () => {
  const purchase = purchaseOf({ id: 'pur_window', userId: 'window' });
  await test.ledger.write([
    { record: 'purchase', id: { purchaseId: purchase.id }, value: purchase, version: null },
    {
      record: 'purchaseCount',
      id: { userId: 'window' },
      value: { count: 1, recent: [] },
      version: null,
    },
  ]);
  expect(await view('window')).toMatchObject({ account: null, wallets: [], purchases_total: 1 });
});

it('shows the newest of a long history at the cost of a short one, and proves only what a page has time for', async () => {
  const wallet = { userId: 'spender', creditType: 'general' };
  await test.ledger.run(addWork({ wallet, amount: 100, cause: 'first' }));
  const stores = {
    ledger: test.ledger,
    history: test.history,
    purchases: createPurchaseStore(test.table),
    applications: createApplicationStore(test.table),
    emails: createEmailStore(test.table),
    audit: createAuditStore(test.table),
  };
  const spendTo = async (last: number) => {
    for (let seq = (await test.ledger.loadHead(wallet)).seq + 1; seq <= last; seq += 1) {
      await test.ledger.run(spendWork({ wallet, amount: 1, cause: `spend-${seq}` }));
    }
  };
  const read = (provenMax: number) =>
    test.measure(() => readUser(stores, { userId: 'spender', now: NOW, provenMax }));
  await spendTo(21);
  const short = await read(20);
  await spendTo(30);
  const long = await read(20);
  expect(long.result?.entries.map(({ seq }) => seq)).toEqual(
    Array.from({ length: 20 }, (_, index) => 30 - index),
  );
  expect(long.result).toMatchObject({ entriesInAll: 30, verification: null });
  expect(long.cost.calls.length).toBe(short.cost.calls.length);
  expect(long.cost.readUnits).toBe(short.cost.readUnits);
  expect((await read(30)).result?.verification).toMatchObject([{ entries: 30, problems: [] }]);
});

it('takes what comes in while it proves for no problem, and an entry that no head knows for one', async () => {
  const wallet = { userId: 'busy', creditType: 'general' };
  await test.ledger.run(addWork({ wallet, amount: 10, cause: 'first' }));
  const meanwhile = {
    ...test.ledger,
    loadEntries: async (userId: string) => {
      await test.ledger.run(spendWork({ wallet, amount: 1, cause: 'meanwhile' }));
      return test.ledger.loadEntries(userId);
    },
  };
  expect(await verifyWallets(meanwhile, 'busy')).toMatchObject([{ entries: 1, problems: [] }]);
  const stale = await test.ledger.loadHeads('busy');
  await test.ledger.run(spendWork({ wallet, amount: 1, cause: 'lost' }));
  const [found] = await verifyWallets({ ...test.ledger, loadHeads: async () => stale }, 'busy');
  expect(found?.problems.length).toBeGreaterThan(0);
});
