import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerAccount } from '#lib/accounts/register-account';
import { createPlanDueStore } from '#lib/store/plan-due-store';
import { grantFreeCredits, grantFreeMonth } from '#lib/subscriptions/grant-free-credits';
import { openSubscribers, SECOND, START, THIRD, tiersWith } from '#tests/subscriptions/subscribers';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const FREE_CREDITS = tiersWith({
  FREE: { monthly_credits: [{ credit_type: 'general', credits: 20 }] },
});

let store: TestLedger;
let users: ReturnType<typeof openSubscribers>;
beforeAll(async () => {
  store = await openTestLedger();
  users = openSubscribers(store);
});
afterAll(() => store.close());

const deps = () => ({ ...store, plansDue: createPlanDueStore(store.table) });
const run = (now: string) => grantFreeCredits(deps(), now);
const register = (userId: string, now = START) =>
  registerAccount(store.ledger, { userId, email: null, now, actor: 'test', fingerprint: null });
const planCredits = async (userId: string, now: string) =>
  (await users.grants(userId, now)).filter(({ category }) => category === 'plan');

test('while FREE gives nothing, a run looks at nobody', async () => {
  await register('early');
  const { result, cost } = await store.measure(() => run(START));
  expect(result).toEqual({ granted: 0, refused: 0, more: false });
  expect(cost.calls).toEqual(['BatchGetItem']);
});

describe("FREE's monthly credits", () => {
  beforeAll(() => users.set('tiers', FREE_CREDITS));

  test('come once a user and month, however many runs there are at once', async () => {
    await register('monthly');
    await Promise.all([run(START), run(START), run(START)]);
    const first = { category: 'plan', remaining: 20, expiresAt: SECOND };
    expect(await planCredits('monthly', START)).toEqual([first]);
    expect(await run('2027-02-20T00:00:00.000Z')).toMatchObject({ granted: 0 });
    await run(SECOND);
    expect(await planCredits('monthly', SECOND)).toEqual([{ ...first, expiresAt: THIRD }]);
    expect(await users.problems('monthly')).toEqual([]);
  });

  test('of months that nobody has run for are gone: the month that it is counts', async () => {
    await register('sleeper');
    await run('2027-04-10T00:00:00.000Z');
    expect(await planCredits('sleeper', '2027-04-10T00:00:00.000Z')).toEqual([
      { category: 'plan', remaining: 20, expiresAt: '2027-04-30T10:00:00.000Z' },
    ]);
  });

  test('do not come to who has a plan, and not twice by ending it', async () => {
    const user = await users.subscriber({ userId: 'switcher', creditsDueAt: START });
    expect(await grantFreeMonth(deps(), { userId: user, now: START })).toBe('not_granted');
    expect((await users.subscription(user))?.creditsDueAt).toBe(SECOND);

    await register('quitter');
    await grantFreeMonth(deps(), { userId: 'quitter', now: START });
    const ended = await users.subscription('quitter');
    await users.subscriber({ ...ended, userId: 'quitter', tier: 'PRO', creditsDueAt: null });
    const day = '2027-02-05T10:00:00.000Z';
    await users.pay('quitter', { start: day, end: '2027-03-05T10:00:00.000Z' });
    expect(await planCredits('quitter', day)).toMatchObject([{ remaining: 500 }]);
    await users.subscriber({
      ...(await users.subscription('quitter')),
      userId: 'quitter',
      status: 'CANCELED',
      endedAt: day,
      creditsDueAt: day,
    });
    expect(await grantFreeMonth(deps(), { userId: 'quitter', now: day })).not.toBe('granted');
    expect((await users.subscription('quitter'))?.creditsDueAt).toBe(SECOND);
  });

  test('start with the registration, also where the user had a plan before it', async () => {
    await users.subscriber({ userId: 'planned' });
    await register('planned');
    expect(await users.subscription('planned')).toMatchObject({ tier: 'PRO', creditsDueAt: null });
  });
});
