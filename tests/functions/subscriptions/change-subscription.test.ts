import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TIME_BUDGET } from '#functions/subscriptions/dependencies';
import { functionDefinitions } from '#infra/functions';
import { subscriptionPage } from '#lib/contract/routes/subscription-changes';
import { subscription as contract } from '#lib/contract/subscriptions';
import { callMaxMs } from '#lib/payments/call-time';
import { DEFAULT_TIERS } from '#lib/subscriptions/tiers';
import { openPlanDesk, URLS } from '#tests/functions/subscriptions/plan-desk';
import { tiersWith } from '#tests/subscriptions/subscribers';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';
import { setSetting } from '#tests/support/settings';

const DAY_MS = 86_400_000;

let store: TestLedger;
let count = 0;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());

function newUser(): string {
  count += 1;
  return `planner-${count}`;
}

async function withPlan(tier: 'PRO' | 'PREMIUM') {
  const desk = await openPlanDesk(store);
  const user = newUser();
  const subscriptionId = await desk.subscribe(user, tier);
  return { desk, user, subscriptionId };
}

describe('a first subscription', () => {
  test('begins on a hosted page, and gives its credits only when its invoice is paid', async () => {
    const desk = await openPlanDesk(store);
    const user = newUser();
    const asked = await desk.upgrade(user, 'PRO', { key: 'k1' });
    const page = subscriptionPage.parse(asked.body);
    expect(asked.status).toBe(201);
    expect(await desk.shown(user)).toMatchObject({ tier: 'FREE', subscribed_tier: null });
    // Sent again it is the same page.
    expect(await desk.upgrade(user, 'PRO', { key: 'k1' })).toMatchObject({
      status: 201,
      replayed: true,
      body: page,
    });
    desk.stripe.pay(page.session_id, 'success');
    expect(await desk.balance(user)).toBe(0);
    await desk.deliver();
    expect(await desk.shown(user)).toMatchObject({
      tier: 'PRO',
      status: 'ACTIVE',
      price: { currency: 'USD', amount: 2_900 },
      plan_credits: [{ granted: 500, remaining: 500 }],
    });
    expect(await desk.balance(user)).toBe(500);
  });

  test('is in the currency that is asked for, which stays', async () => {
    const desk = await openPlanDesk(store);
    const user = newUser();
    const { body } = await desk.upgrade(user, 'PRO', { body: { currency: 'INR' } });
    desk.stripe.pay(subscriptionPage.parse(body).session_id, 'success');
    await desk.deliver();
    expect(await desk.shown(user)).toMatchObject({ price: { currency: 'INR', amount: 199_900 } });
    const dollars = await desk.upgrade(user, 'PREMIUM', { body: { currency: 'USD' } });
    expect(dollars.code).toBe('CURRENCY_NOT_AVAILABLE');
    expect((await desk.upgrade(user, 'PREMIUM')).status).toBe(200);
  });

  test('leads back to allowed pages only, and needs them', async () => {
    const desk = await openPlanDesk(store);
    const user = newUser();
    const evil = { success_url: 'https://evil.example/', cancel_url: URLS.cancel_url };
    expect((await desk.upgrade(user, 'PRO', { body: evil })).code).toBe('URL_NOT_ALLOWED');
    const none = { success_url: undefined, cancel_url: undefined };
    expect((await desk.upgrade(user, 'PRO', { body: none })).code).toBe('VALIDATION_FAILED');
    expect((await desk.sdk.customers.list()).data).toEqual([]);
  });

  test('leaves one page open: who opens two, or eight at once, cannot pay for two subscriptions', async () => {
    const desk = await openPlanDesk(store);
    const user = newUser();
    const opened = async () =>
      (await desk.sdk.checkout.sessions.list({ status: 'open', limit: 100 })).data;
    await desk.upgrade(user, 'PRO');
    await desk.upgrade(user, 'PREMIUM');
    expect(await opened()).toMatchObject([{ amount_total: 9_900 }]);
    await Promise.all(Array.from({ length: 8 }, () => desk.upgrade(user, 'PRO')));
    expect((await opened()).length).toBeLessThanOrEqual(1);
  });

  test('that was paid for a moment ago is known before its event: nobody is sold a second one', async () => {
    const desk = await openPlanDesk(store);
    const user = newUser();
    const { body } = await desk.upgrade(user, 'PRO');
    desk.stripe.pay(subscriptionPage.parse(body).session_id, 'success');
    const again = await desk.upgrade(user, 'PRO');
    expect(again).toMatchObject({ status: 409, code: 'ALREADY_SUBSCRIBED' });
    expect(await desk.shown(user)).toMatchObject({ tier: 'PRO', plan_credits: [] });
    await desk.deliver();
    expect(await desk.balance(user)).toBe(500);
  });
});

describe('up', () => {
  test('is at once and paid at once; the credits come with the invoice, in place of what is unspent', async () => {
    const { desk, user } = await withPlan('PRO');
    desk.clock.advance(14 * DAY_MS);
    const { body, status } = await desk.upgrade(user, 'PREMIUM');
    expect(status).toBe(200);
    expect(contract.parse(body)).toMatchObject({
      tier: 'PREMIUM',
      plan_credits: [{ granted: 500, remaining: 500 }],
    });
    await desk.deliver();
    expect(await desk.balance(user)).toBe(2_000);
    expect(await desk.shown(user)).toMatchObject({ plan_credits: [{ granted: 2_000 }] });
  });

  test('that the bank declines changes nothing, at Stripe or here', async () => {
    const { desk, subscriptionId, user } = await withPlan('PRO');
    desk.stripe.setCard(subscriptionId, 'declines');
    desk.clock.advance(14 * DAY_MS);
    expect(await desk.upgrade(user, 'PREMIUM')).toMatchObject({
      status: 402,
      code: 'PAYMENT_DECLINED',
    });
    await desk.deliver();
    expect(await desk.shown(user)).toMatchObject({ tier: 'PRO' });
    expect(await desk.balance(user)).toBe(500);
  });

  test('asked twice at once is charged once', async () => {
    const { desk, subscriptionId, user } = await withPlan('PRO');
    desk.clock.advance(14 * DAY_MS);
    await Promise.all([
      desk.upgrade(user, 'PREMIUM'),
      desk.upgrade(user, 'PREMIUM'),
      desk.upgrade(user, 'PREMIUM', { key: 'same' }),
      desk.upgrade(user, 'PREMIUM', { key: 'same' }),
    ]);
    await desk.deliver();
    const { data } = await desk.sdk.invoices.list({ subscription: subscriptionId });
    expect(data).toHaveLength(2);
    expect(await desk.balance(user)).toBe(2_000);
  });

  test('waits until the latest invoice is paid, and charges nothing before that', async () => {
    const { desk, subscriptionId, user } = await withPlan('PRO');
    desk.stripe.setCard(subscriptionId, 'declines');
    desk.clock.advance(29 * DAY_MS);
    await desk.deliver();
    expect(await desk.shown(user)).toMatchObject({ tier: 'PRO', status: 'PAST_DUE' });
    expect(await desk.upgrade(user, 'PREMIUM')).toMatchObject({
      status: 409,
      code: 'SUBSCRIPTION_PAST_DUE',
    });
    await desk.deliver();
    const { data } = await desk.sdk.invoices.list({ subscription: subscriptionId });
    expect(data.map(({ amount_due, status }) => [amount_due, status])).toEqual([
      [2_900, 'open'],
      [2_900, 'paid'],
    ]);
    expect(await desk.shown(user)).toMatchObject({ tier: 'PRO', subscribed_tier: 'PRO' });
  });

  test('is refused where it is none', async () => {
    const { desk, user } = await withPlan('PREMIUM');
    expect((await desk.upgrade(user, 'PREMIUM')).code).toBe('ALREADY_SUBSCRIBED');
    expect((await desk.upgrade(user, 'PRO')).code).toBe('NOT_AN_UPGRADE');
  });
});

describe('down', () => {
  test('waits for the end of what is paid for, and is billed from then on', async () => {
    const { desk, subscriptionId, user } = await withPlan('PREMIUM');
    const { body } = await desk.downgrade(user, 'PRO');
    const { current_period_end: end } = contract.parse(body);
    const waiting = { tier: 'PREMIUM', pending_change: { tier: 'PRO', at: end } };
    expect(body).toMatchObject(waiting);
    await desk.deliver();
    expect(await desk.shown(user)).toMatchObject(waiting);
    expect(await desk.balance(user)).toBe(2_000);
    desk.clock.advance(29 * DAY_MS);
    await desk.deliver();
    expect(await desk.shown(user)).toMatchObject({ tier: 'PRO', pending_change: null });
    const { data } = await desk.sdk.invoices.list({ subscription: subscriptionId });
    expect(data.map((invoice) => invoice.amount_paid)).toEqual([2_900, 9_900]);
    // PREMIUM carries all over, for a month.
    expect(await desk.balance(user)).toBe(2_500);
  });

  test('is taken back by going up again, or by resuming: nothing is charged for it', async () => {
    const { desk, subscriptionId, user } = await withPlan('PREMIUM');
    for (const back of [() => desk.upgrade(user, 'PREMIUM'), () => desk.resume(user)]) {
      await desk.downgrade(user, 'PRO');
      expect(await back()).toMatchObject({
        status: 200,
        body: { tier: 'PREMIUM', pending_change: null },
      });
      await desk.deliver();
      expect(await desk.shown(user)).toMatchObject({ tier: 'PREMIUM', pending_change: null });
    }
    desk.clock.advance(29 * DAY_MS);
    await desk.deliver();
    const { data } = await desk.sdk.invoices.list({ subscription: subscriptionId });
    expect(data.map((invoice) => invoice.amount_paid)).toEqual([9_900, 9_900]);
  });

  test('to FREE ends it with its period; up, or to the same, is none', async () => {
    const { desk, user } = await withPlan('PRO');
    expect((await desk.downgrade(user, 'PREMIUM')).code).toBe('NOT_A_DOWNGRADE');
    expect((await desk.downgrade(user, 'PRO')).code).toBe('NOT_A_DOWNGRADE');
    expect((await desk.downgrade(user, 'FREE')).body).toMatchObject({
      tier: 'PRO',
      cancel_at_period_end: true,
    });
    expect((await desk.downgrade(newUser(), 'FREE')).code).toBe('NOT_SUBSCRIBED');
  });
});

describe('a cancellation', () => {
  test('at the end leaves everything until then, and can be taken back', async () => {
    const { desk, user } = await withPlan('PRO');
    const cancelled = await desk.cancel(user, { body: { reason: 'too dear' } });
    expect(cancelled.body).toMatchObject({
      tier: 'PRO',
      status: 'ACTIVE',
      cancel_at_period_end: true,
      cancel_reason: 'too dear',
    });
    expect((await desk.upgrade(user, 'PREMIUM')).code).toBe('SUBSCRIPTION_ENDING');
    expect((await desk.resume(user)).body).toMatchObject({
      cancel_at_period_end: false,
      cancel_reason: null,
    });
    expect((await desk.resume(user)).code).toBe('NOTHING_TO_RESUME');
    await desk.cancel(user);
    desk.clock.advance(29 * DAY_MS);
    await desk.deliver();
    expect(await desk.shown(user)).toMatchObject({ tier: 'FREE', status: 'CANCELED' });
    expect((await desk.resume(user)).code).toBe('NOT_SUBSCRIBED');
    expect((await desk.upgrade(user, 'PRO')).status).toBe(201);
  });

  test('now says why, and takes back what the plan gave and nobody has spent', async () => {
    const { desk, user } = await withPlan('PRO');
    const now = { when: 'now' };
    expect((await desk.cancel(user, { body: now })).code).toBe('VALIDATION_FAILED');
    const ended = await desk.cancel(user, { body: { ...now, reason: 'moved away' } });
    expect(ended.body).toMatchObject({
      tier: 'FREE',
      status: 'CANCELED',
      cancel_reason: 'moved away',
    });
    expect(await desk.balance(user)).toBe(0);
    await desk.deliver();
    expect(await desk.balance(user)).toBe(0);
  });

  test('now, before the paid invoice has arrived, leaves nothing either', async () => {
    const desk = await openPlanDesk(store);
    const user = newUser();
    const { body } = await desk.upgrade(user, 'PRO');
    desk.stripe.pay(subscriptionPage.parse(body).session_id, 'success');
    const ended = await desk.cancel(user, { body: { when: 'now', reason: 'a mistake' } });
    expect(ended.status).toBe(200);
    await desk.deliver();
    expect(await desk.balance(user)).toBe(0);
  });
});

describe('an Idempotency-Key', () => {
  test('gets the first answer, whatever has become of the subscription since', async () => {
    const { desk, user } = await withPlan('PREMIUM');
    expect((await desk.downgrade(user, 'PRO', 'down')).replayed).toBe(false);
    await desk.resume(user);
    const again = await desk.downgrade(user, 'PRO', 'down');
    expect(again).toMatchObject({ status: 200, replayed: true, body: { pending_change: null } });
    expect((await desk.downgrade(user, 'FREE', 'down')).code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test.each([
    ['before Stripe has it', 'before'],
    ['after Stripe has done it', 'after'],
  ] as const)('finishes what was lost %s, once', async (_what, when) => {
    const { desk, subscriptionId, user } = await withPlan('PRO');
    desk.clock.advance(14 * DAY_MS);
    const path = `/v1/subscriptions/${subscriptionId}`;
    desk.stripe.faults.add({ path, method: 'POST', kind: 'reset', when, count: 2 });
    const lost = await desk.upgrade(user, 'PREMIUM', { key: 'up' });
    expect(lost).toMatchObject({ status: 503, code: 'PAYMENT_PROVIDER_UNAVAILABLE' });
    const done = await desk.upgrade(user, 'PREMIUM', { key: 'up' });
    expect(done).toMatchObject({ status: 200, body: { tier: 'PREMIUM' } });
    await desk.deliver();
    const { data } = await desk.sdk.invoices.list({ subscription: subscriptionId });
    expect(data.map((invoice) => invoice.billing_reason)).toEqual([
      'subscription_update',
      'subscription_create',
    ]);
  });
});

test('a tier that has no price any more is not sold, and who has it keeps it', async () => {
  const { desk, user } = await withPlan('PREMIUM');
  await setSetting(store.ledger, 'tiers', tiersWith({ PRO: { prices: [] } }));
  const notSold = { status: 409, code: 'TIER_NOT_AVAILABLE', body: { tier: 'PRO' } };
  expect(await desk.upgrade(newUser(), 'PRO')).toMatchObject(notSold);
  expect(await desk.upgrade(newUser(), 'PRO', { body: { currency: 'USD' } })).toMatchObject(
    notSold,
  );
  expect(await desk.downgrade(user, 'PRO')).toMatchObject(notSold);
  expect(await desk.shown(user)).toMatchObject({ tier: 'PREMIUM', pending_change: null });
  await setSetting(store.ledger, 'tiers', DEFAULT_TIERS);
  expect((await desk.downgrade(user, 'PRO')).status).toBe(200);
});

test('all that a request asks of Stripe ends before its function does', () => {
  const { asking, charging, retryBudgetMs } = TIME_BUDGET;
  const timeoutMs = functionDefinitions.subscriptions.timeoutSeconds * 1_000;
  const page = asking.callsMax * callMaxMs(asking);
  const change = charging.callsBeside * callMaxMs(asking) + callMaxMs(charging);
  expect(Math.max(page, change) + retryBudgetMs).toBeLessThan(timeoutMs);
});
