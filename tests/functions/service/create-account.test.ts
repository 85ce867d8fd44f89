import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerUser } from '#functions/registration/register-user';
import { serviceRoutes } from '#lib/contract/routes/service';
import { subscriptionRoutes } from '#lib/contract/routes/subscriptions';
import { problemDocument } from '#lib/contract/wire';
import { openBackend } from '#tests/functions/service/backend';
import { openSubscribers } from '#tests/subscriptions/subscribers';
import { keptLog } from '#tests/support/kept-log';
import { openTestLedger, spendWork, type TestLedger } from '#tests/support/ledger';

const NOW = '2027-01-31T10:00:00.000Z';

let store: TestLedger;
let backend: ReturnType<typeof openBackend>;
beforeAll(async () => {
  store = await openTestLedger();
  backend = openBackend(store, NOW);
});
afterAll(() => store.close());

interface Asked {
  readonly key?: string;
  readonly email?: string;
  /** Another backend. */
  readonly as?: string;
}

async function open(userId: string, { email, ...request }: Asked = {}) {
  const body = { user_id: userId, ...(email !== undefined && { email }) };
  const answer = await backend.call(serviceRoutes.createAccount, { ...request, body });
  return { ...answer, code: problemDocument.safeParse(answer.body).data?.code ?? null };
}

async function opened(userId: string, asked: Asked = {}) {
  const { body, status } = await open(userId, asked);
  expect(status).toBe(201);
  return serviceRoutes.createAccount.answers[201].parse(body);
}

async function accountOf(userId: string) {
  const read = await store.ledger.load([{ record: 'account', id: { userId } }]);
  return read('account', { userId })?.value ?? null;
}

async function tierOf(userId: string) {
  const { body } = await backend.call(subscriptionRoutes.getSubscription, { params: { userId } });
  return body;
}

describe('a user whom the backend registers', () => {
  test('has an account, one credit to begin with, and the months of FREE', async () => {
    const account = { user_id: 'ada', email: 'ada@example.com', created_at: NOW };
    expect(await opened('ada', { email: 'ada@example.com' })).toMatchObject({
      success: true,
      account,
      balance: 1,
      transaction: { type: 'bonus', amount: 1, actor: 'service:backend' },
    });
    expect(await accountOf('ada')).toMatchObject({ userId: 'ada', email: 'ada@example.com' });
    expect(await store.ledger.loadEntries('ada')).toMatchObject([
      { cause: 'signup', balanceAfter: 1, draws: [{ category: 'promotional', expiresAt: null }] },
    ]);
    expect(await tierOf('ada')).toMatchObject({
      tier: 'FREE',
      current_period_start: NOW,
      current_period_end: '2027-02-28T10:00:00.000Z',
    });
  });

  test('may have no address', async () => {
    const { account } = await opened('nameless');
    expect(account.email).toBeNull();
  });

  test('keeps the plan that was sold to them before', async () => {
    const userId = await openSubscribers(store).subscriber();
    await opened(userId);
    expect(await tierOf(userId)).toMatchObject({ tier: 'PRO' });
  });
});

describe('the same request again', () => {
  test('gets the first answer, whatever was spent since, and no second bonus', async () => {
    const first = await open('again', { key: 'again', email: 'again@example.com' });
    const wallet = { userId: 'again', creditType: 'general' };
    await store.ledger.run(spendWork({ wallet, amount: 1, cause: 'spent', now: NOW }));
    const again = await open('again', { key: 'again', email: 'again@example.com' });
    expect(again).toMatchObject({ status: 201, replayed: true });
    expect(again.body).toEqual(first.body);
    expect((await store.ledger.loadHead(wallet)).balance).toBe(0);
  });

  test('ten times at once opens one account with one bonus', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => open('rushed', { key: 'rushed' })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 201));
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await store.ledger.loadEntries('rushed')).toHaveLength(1);
  });

  test('with another address is another request', async () => {
    await opened('moved', { key: 'moved', email: 'old@example.com' });
    const again = await open('moved', { key: 'moved', email: 'new@example.com' });
    expect(again).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await accountOf('moved')).toMatchObject({ email: 'old@example.com' });
  });
});

describe('ACCOUNT_EXISTS, and nothing changes, for a user whom', () => {
  test.each<[string, Asked, Asked]>([
    ['the backend has registered by another request', { key: 'one' }, { key: 'two' }],
    ['the backend has registered, without a key', {}, {}],
    [
      'another backend has registered with this very key',
      { key: 'own', as: 'other' },
      { key: 'own' },
    ],
  ])('%s', async (name, first, second) => {
    const userId = name.replaceAll(/\W/g, '-');
    await opened(userId, { ...first, email: 'first@example.com' });
    const again = await open(userId, { ...second, email: 'first@example.com' });
    expect(again).toMatchObject({ status: 409, code: 'ACCOUNT_EXISTS', replayed: false });
    expect(await accountOf(userId)).toMatchObject({ email: 'first@example.com' });
    expect(await store.ledger.loadEntries(userId)).toHaveLength(1);
  });

  test('Cognito has confirmed', async () => {
    const { log } = keptLog();
    const event = {
      triggerSource: 'PostConfirmation_ConfirmSignUp',
      request: { userAttributes: { sub: 'confirmed', email: 'own@example.com' } },
    };
    await registerUser({ ledger: store.ledger, now: () => new Date(NOW), log }, event);
    expect(await open('confirmed', { key: 'confirmed', email: 'else@example.com' })).toMatchObject({
      status: 409,
      code: 'ACCOUNT_EXISTS',
    });
    expect(await accountOf('confirmed')).toMatchObject({ email: 'own@example.com' });
    expect(await store.ledger.loadEntries('confirmed')).toHaveLength(1);
  });
});
