import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminWalletRoutes } from '#lib/contract/routes/admin-wallets';
import { applicationRoutes } from '#lib/contract/routes/applications';
import { holdRoutes } from '#lib/contract/routes/holds';
import { serviceRoutes } from '#lib/contract/routes/service';
import { transferRoutes } from '#lib/contract/routes/transfers';
import { verify } from '#lib/ledger/verify';
import { auditTrail } from '#tests/admin/audit-trail';
import { openOffice } from '#tests/functions/admin/office';
import { openDesk } from '#tests/functions/applications/desk';
import { openBackend } from '#tests/functions/service/backend';
import { bodyOf, codeOf } from '#tests/functions/purchases/shop';
import { addWork, openTestLedger, spendWork, type TestLedger } from '#tests/support/ledger';

const { freezeUser, unfreezeUser } = adminWalletRoutes;

const REASON = { reason: 'Stolen card' };

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});

it('refuses what leaves a frozen account, at no cost, takes what comes in, and is proven by its entries', async () => {
  const userId = 'frozen';
  const wallet = { userId, creditType: 'general' };
  const office = openOffice(test);
  const call = (route: typeof freezeUser | typeof unfreezeUser, body: object, key = 'k') =>
    office.call(route, { params: { userId }, body, headers: { 'idempotency-key': key } });
  const spend = (cause: string, of = wallet) =>
    test.ledger.run(spendWork({ wallet: of, amount: 1, cause, now: '2026-12-01T00:00:00.000Z' }));
  const add = (cause: string, of = wallet) =>
    test.ledger.run(addWork({ wallet: of, amount: 10, cause }));

  expect(codeOf(await call(freezeUser, { reason: 'Mistyped' }))).toBe('NOT_FOUND');
  await add('first');
  const made = bodyOf(freezeUser, 201, await call(freezeUser, { reason: 'Stolen card' }));
  expect(made.transactions.map(({ credit_type }) => credit_type)).toEqual([
    'general',
    'enrichment',
    'calling',
    'scraping',
  ]);
  const again = await call(freezeUser, { reason: 'Stolen card' });
  expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
  expect(bodyOf(freezeUser, 201, again)).toEqual(made);
  expect(codeOf(await call(freezeUser, { reason: 'Again' }, 'other'))).toBe('ALREADY_FROZEN');

  const { cost, result } = await test.measure(() => spend('frozen'));
  expect(result).toEqual({ kind: 'refused', refusal: { code: 'WALLET_FROZEN' } });
  expect(cost).toMatchObject({ calls: ['BatchGetItem'], writeUnits: 0 });
  // Credits of a type that the user never had come in, and stay in.
  const calling = { userId, creditType: 'calling' };
  await add('calling', calling);
  expect(await spend('from-calling', calling)).toMatchObject({ kind: 'refused' });
  expect((await add('second')).kind).toBe('committed');

  const one = { credit_type: 'general', reason: 'Bank has confirmed' };
  bodyOf(unfreezeUser, 201, await call(unfreezeUser, one, 'one'));
  expect((await spend('free')).kind).toBe('committed');
  expect(await spend('from-calling-again', calling)).toMatchObject({ kind: 'refused' });
  expect(codeOf(await call(unfreezeUser, one, 'two'))).toBe('NOT_FROZEN');

  const entries = await test.ledger.loadEntries(userId);
  for (const head of await test.ledger.loadHeads(userId)) {
    const own = entries.filter(({ creditType }) => creditType === head.creditType);
    expect(verify(head, own)).toEqual([]);
  }
  const trail = await auditTrail(test, { userId });
  expect(trail.map(({ action }) => action).toSorted()).toEqual(['freezeUser', 'unfreezeUser']);
});

it('refuses every way out of a frozen wallet with its own code, and shows in the balance that it is frozen', async () => {
  const params = { userId: 'thawing' };
  const backend = openBackend(test);
  const ask = (route: Parameters<typeof backend.call>[0], body: object, more: object = {}) =>
    backend.call(route, { params: { ...params, ...more }, body: { description: 'Job', ...body } });
  const frozen = async () =>
    (await backend.call(serviceRoutes.getUserBalance, { params })).body['frozen'];
  await ask(serviceRoutes.addCredits, { amount: 100 });
  const held = await ask(holdRoutes.placeHold, { amount: 10 });
  const ofHold = { hold_id: String(held.body['transaction_id']).replace('txn_', 'hld_') };
  expect(await frozen()).toBe(false);
  bodyOf(freezeUser, 201, await openOffice(test).call(freezeUser, { params, body: REASON }));
  expect(await frozen()).toBe(true);

  const spends = [{ amount: 1, description: 'Lead', idempotency_key: 'lead-1' }];
  const refused = { status: 403, body: { code: 'WALLET_FROZEN' } };
  expect(await ask(serviceRoutes.deductCredits, { amount: 1 })).toMatchObject(refused);
  expect(await ask(holdRoutes.placeHold, { amount: 1 })).toMatchObject(refused);
  const thief = { userId: 'thief', email: null, createdAt: '2026-03-01T12:00:00.000Z' };
  await test.ledger.write([{ record: 'account', id: thief, value: thief, version: null }]);
  const transfer = { params, body: { to_user_id: 'thief', amount: 1, description: 'Gift' } };
  expect(await backend.call(transferRoutes.transferCredits, transfer)).toMatchObject(refused);
  const batch = (partial: boolean) =>
    backend.call(transferRoutes.deductBatch, { params, body: { spends, partial } });
  expect(await batch(false)).toMatchObject(refused);
  expect(await batch(true)).toMatchObject({
    status: 201,
    body: { results: [{ status: 'refused', refusal: { code: 'WALLET_FROZEN' } }] },
  });
  const capture = (amount: number) =>
    backend.call(holdRoutes.captureHold, { params: { ...params, ...ofHold }, body: { amount } });
  expect(await capture(11)).toMatchObject(refused);
  const apply = { body: { project_id: 'project-1' } };
  const applied = await openDesk(test).call(applicationRoutes.applyToProject, 'thawing', apply);
  expect(codeOf(applied)).toBe('WALLET_FROZEN');

  const wallet = { userId: 'thawing', creditType: 'general' };
  expect((await test.ledger.loadHead(wallet)).balance).toBe(100);
  expect(await capture(10)).toMatchObject({ status: 201, body: { balance: 90 } });
});
