import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { applicationRoutes } from '#lib/contract/routes/applications';
import { refundCredits } from '#lib/wallets/refund-credits';
import { spendCredits } from '#lib/wallets/spend-credits';
import { verifyWallets } from '#lib/wallets/verify-wallets';
import { openDesk } from '#tests/functions/applications/desk';
import { bodyOf, codeOf } from '#tests/functions/purchases/shop';
import { NOW } from '#tests/http/events';
import { addWork, entryOf, openTestLedger, type TestLedger } from '#tests/support/ledger';
import { setSetting } from '#tests/support/settings';

const {
  applyToProject,
  getApplication,
  getRefundEligibility,
  listApplications,
  listRefunds,
  withdrawApplication,
} = applicationRoutes;

let ledger: TestLedger;
let desk: ReturnType<typeof openDesk>;
beforeAll(async () => {
  ledger = await openTestLedger();
  desk = openDesk(ledger);
});
afterAll(() => ledger.close());

let users = 0;
let user = '';
beforeEach(() => {
  desk.at(NOW);
  users += 1;
  user = `user-${users}`;
});

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const after = (ms: number) => new Date(Date.parse(NOW) + ms).toISOString();
const earn = (amount: number, expiresAt: string | null = null) =>
  ledger.ledger.run(
    addWork({
      wallet: { userId: user, creditType: 'general' },
      amount,
      cause: `earned-${expiresAt ?? 'for-ever'}`,
      now: NOW,
      expiresAt,
    }),
  );
const balance = async () =>
  (await ledger.ledger.loadHead({ userId: user, creditType: 'general' })).balance;
const entries = async () => ledger.ledger.loadEntries(user);
const setCost = (value: number) => setSetting(ledger.ledger, 'application_cost', value);
const apply = (projectId: string, key?: string) =>
  desk.call(applyToProject, user, {
    body: { project_id: projectId },
    ...(key !== undefined && { key }),
  });
const applied = async (projectId: string) => bodyOf(applyToProject, 201, await apply(projectId));
const withdraw = (id: string, key?: string) =>
  desk.call(withdrawApplication, user, { params: { id }, ...(key !== undefined && { key }) });
const eligibility = async (id: string) =>
  bodyOf(
    getRefundEligibility,
    200,
    await desk.call(getRefundEligibility, user, { params: { application_id: id } }),
  );

describe('applying', () => {
  test('without credits is 402, and there is no application', async () => {
    expect(codeOf(await apply('p-none'))).toBe('INSUFFICIENT_CREDITS');
    const list = await desk.call(listApplications, user);
    expect(bodyOf(listApplications, 200, list)).toMatchObject({ applications: [] });
    expect(await entries()).toEqual([]);
    // With credits the same project is open: the attempt has left nothing behind.
    await earn(1);
    expect((await applied('p-none')).credits_balance).toBe(0);
  });

  test('costs what the setting says, and the application stands beside its spend', async () => {
    await earn(10);
    await setCost(4);
    const body = await applied('p-costly');
    await setCost(1);
    expect(body).toMatchObject({
      balance: 6,
      transaction: {
        type: 'usage',
        amount: -4,
        reference: { type: 'project', id: 'p-costly' },
      },
      application: { project_id: 'p-costly', status: 'applied', credits: 4, applied_at: NOW },
    });
    const one = await desk.call(getApplication, user, { params: { id: body.application_id } });
    expect(bodyOf(getApplication, 200, one)).toEqual(body.application);
  });

  test('twice is 409 and one spend; the same request again gets the first answer', async () => {
    await earn(10);
    const first = await apply('p-twice', 'key');
    expect(codeOf(await apply('p-twice'))).toBe('ALREADY_APPLIED');
    expect(codeOf(await apply('p-twice', 'other-key'))).toBe('ALREADY_APPLIED');
    expect(codeOf(await apply('p-other', 'key'))).toBe('IDEMPOTENCY_KEY_REUSED');
    await withdraw(bodyOf(applyToProject, 201, first).application_id);
    const again = await apply('p-twice', 'key');
    expect(again.body).toBe(first.body);
    expect(again.headers?.['idempotent-replayed']).toBe('true');
    expect((await entries()).filter(({ type }) => type === 'usage')).toHaveLength(1);
  });

  test('twenty times at once is one application and one spend', async () => {
    await earn(50);
    const answers = await Promise.all(Array.from({ length: 20 }, () => apply('p-eager')));
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(1);
    expect(await balance()).toBe(49);
  });
});

describe('withdrawing', () => {
  test('at 23 h 59 min gives the credits back to the grants they came from', async () => {
    await earn(3, after(2 * DAY_MS));
    await earn(5);
    await setCost(4);
    const { application_id: id } = await applied('p-late');
    await setCost(1);
    desk.at(after(DAY_MS - MINUTE_MS));
    expect(await eligibility(id)).toMatchObject({ eligible: true, reason: null, credits: 4 });
    const body = bodyOf(withdrawApplication, 200, await withdraw(id));
    expect(body).toMatchObject({
      refunded: true,
      credits_refunded: 4,
      reason: null,
      application: { status: 'withdrawn', credits_refunded: 4 },
      transaction: { type: 'refund', amount: 4, reference: { type: 'application', id } },
    });
    const { grants } = await ledger.ledger.loadHead({ userId: user, creditType: 'general' });
    expect(grants.map(({ expiresAt, remaining }) => [expiresAt, remaining]).toSorted()).toEqual(
      [
        [after(2 * DAY_MS), 3],
        [null, 5],
      ].toSorted(),
    );
    expect(await eligibility(id)).toMatchObject({ eligible: false, credits: 0 });
    const refunds = bodyOf(listRefunds, 200, await desk.call(listRefunds, user));
    expect(refunds.refunds.map(({ transaction_id }) => transaction_id)).toEqual([
      body.application.refund_transaction_id,
    ]);
  });

  test('at 24 h gives nothing back and says why', async () => {
    await earn(1);
    const { application_id: id } = await applied('p-old');
    desk.at(after(DAY_MS));
    const reason = 'Application older than 24 hours';
    expect(await eligibility(id)).toMatchObject({ eligible: false, reason, credits: 0 });
    expect(bodyOf(withdrawApplication, 200, await withdraw(id))).toMatchObject({
      refunded: false,
      credits_refunded: 0,
      reason,
      transaction: null,
      application: { status: 'withdrawn', credits_refunded: 0 },
    });
    expect(await balance()).toBe(0);
    expect(codeOf(await withdraw(id))).toBe('APPLICATION_CLOSED');
  });

  test('counts once: the same request gets the first answer, another is told that it ended', async () => {
    await earn(1);
    const { application_id: id } = await applied('p-once');
    const first = await withdraw(id, 'key');
    const again = await withdraw(id, 'key');
    expect(again.body).toBe(first.body);
    expect(again.headers?.['idempotent-replayed']).toBe('true');
    expect(codeOf(await withdraw(id))).toBe('APPLICATION_CLOSED');
    const { application_id: other } = await applied('p-other');
    expect(codeOf(await withdraw(other, 'key'))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await balance()).toBe(0);
  });

  test('twelve times at once refunds once', async () => {
    await earn(1);
    const { application_id: id } = await applied('p-race');
    const answers = await Promise.all(Array.from({ length: 12 }, () => withdraw(id)));
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    expect(await balance()).toBe(1);
    expect((await entries()).filter(({ type }) => type === 'refund')).toHaveLength(1);
    const proof = await verifyWallets(ledger.ledger, user);
    expect(proof.flatMap(({ problems }) => problems)).toEqual([]);
  });

  test('gives nothing more back when the spend was refunded otherwise, and says so', async () => {
    await earn(2);
    const { application_id: id, transaction_id: transactionId } = await applied('p-refunded');
    const command = { now: NOW, cause: 'support', actor: 'service:test', description: 'Sorry' };
    await refundCredits(ledger.ledger, { userId: user, transactionId, command });
    expect(await eligibility(id)).toMatchObject({ reason: 'Credits refunded already' });
    expect(bodyOf(withdrawApplication, 200, await withdraw(id))).toMatchObject({
      refunded: false,
      reason: 'Credits refunded already',
    });
    expect(await balance()).toBe(2);
  });
});

test('somebody else’s application is as good as missing', async () => {
  await earn(1);
  const { application_id: id, transaction_id } = await applied('p-mine');
  user = 'stranger';
  for (const sought of [id, transaction_id, 'app_1', 'nothing']) {
    expect(codeOf(await withdraw(sought))).toBe('NOT_FOUND');
    expect(codeOf(await desk.call(getApplication, user, { params: { id: sought } }))).toBe(
      'NOT_FOUND',
    );
    const params = { application_id: sought };
    expect(codeOf(await desk.call(getRefundEligibility, user, { params }))).toBe('NOT_FOUND');
  }
});

test('a spend that only refers to a project is no application, whatever it refers to', async () => {
  await earn(5);
  await applied('p-real');
  for (const id of ['p-real', 'p-unknown', 'a#b', '../x']) {
    const spent = await spendCredits(ledger.ledger, {
      wallet: { userId: user, creditType: 'general' },
      command: {
        now: NOW,
        cause: `spend-${id}`,
        actor: 'service:test',
        description: 'Enrich a lead',
        reference: { type: 'project', id },
        amount: 1,
      },
    });
    const params = { id: entryOf(spent).id.replace('txn_', 'app_') };
    expect(codeOf(await desk.call(getApplication, user, { params }))).toBe('NOT_FOUND');
  }
});

test('the list is newest first, page by page, and costs the same with ten times as many', async () => {
  await earn(40);
  for (let index = 0; index < 4; index += 1) await applied(`page-${index}`);
  const ask = async (query: string) =>
    ledger.measure(async () =>
      bodyOf(listApplications, 200, await desk.call(listApplications, user, { query })),
    );
  const few = await ask('limit=3');
  expect(few.result.applications.map(({ project_id }) => project_id)).toEqual([
    'page-3',
    'page-2',
    'page-1',
  ]);
  await applied('page-4');
  const next = await ask(`cursor=${String(few.result.pagination.next_cursor)}`);
  expect(next.result.applications.map(({ project_id }) => project_id)).toEqual(['page-0']);
  for (let index = 5; index < 40; index += 1) await applied(`page-${index}`);
  const many = await ask('limit=3');
  expect(many.result.pagination.total).toBe(40);
  expect(many.cost).toEqual(few.cost);
});
