import { afterAll, beforeAll, expect, test } from 'vitest';
import { subscriptionRoutes } from '#lib/contract/routes/subscriptions';
import { subscription as contract } from '#lib/contract/subscriptions';
import { openBackend } from '#tests/functions/service/backend';
import { openSubscribers, SECOND, START } from '#tests/subscriptions/subscribers';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const PAID = { start: START, end: SECOND };
const daysAfter = (days: number) => new Date(Date.parse(START) + days * 86_400_000).toISOString();

let store: TestLedger;
let users: ReturnType<typeof openSubscribers>;
beforeAll(async () => {
  store = await openTestLedger();
  users = openSubscribers(store);
});
afterAll(() => store.close());

async function shown(userId: string, at = START) {
  const backend = openBackend(store, at);
  const { body, status } = await backend.call(subscriptionRoutes.getSubscription, {
    params: { userId },
  });
  expect(status).toBe(200);
  return contract.parse(body);
}

test('who never subscribed is on FREE, and no period is made up for them', async () => {
  await expect(shown('stranger')).resolves.toEqual({
    user_id: 'stranger',
    tier: 'FREE',
    status: 'ACTIVE',
    subscribed_tier: null,
    price: null,
    current_period_start: null,
    current_period_end: null,
    cancel_at_period_end: false,
    cancel_reason: null,
    pending_change: null,
    past_due_since: null,
    grace_ends_at: null,
    ended_at: null,
    plan_credits: [],
  });
});

test('a subscriber sees the price, the period, and what is left of the credits of the plan alone', async () => {
  const userId = await users.subscriber();
  await users.buy(userId, 1_000);
  await users.pay(userId, PAID);
  await users.spend(userId, 120, daysAfter(1));
  await expect(shown(userId, daysAfter(2))).resolves.toMatchObject({
    tier: 'PRO',
    status: 'ACTIVE',
    subscribed_tier: 'PRO',
    price: { currency: 'USD', amount: 2_900 },
    current_period_start: START,
    current_period_end: SECOND,
    plan_credits: [{ credit_type: 'general', granted: 500, remaining: 380, expires_at: SECOND }],
  });
});

test('credits of a period that is over are not shown as if they could be spent', async () => {
  const userId = await users.subscriber();
  await users.pay(userId, PAID);
  await expect(shown(userId, SECOND)).resolves.toMatchObject({ plan_credits: [] });
});

test('a payment that failed: the tier holds for the days of grace, and then falls to FREE', async () => {
  const userId = await users.subscriber({ status: 'PAST_DUE', pastDueSince: START });
  const grace = { status: 'PAST_DUE', subscribed_tier: 'PRO', grace_ends_at: daysAfter(7) };
  await expect(shown(userId, daysAfter(6))).resolves.toMatchObject({ ...grace, tier: 'PRO' });
  await expect(shown(userId, daysAfter(7))).resolves.toMatchObject({ ...grace, tier: 'FREE' });
});
