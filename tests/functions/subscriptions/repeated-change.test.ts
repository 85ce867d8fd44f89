import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeSubscription } from '#lib/subscriptions/change-subscription';
import { createStripeSubscriptions } from '#lib/payments/stripe-subscriptions';
import { openPlanDesk } from '#tests/functions/subscriptions/plan-desk';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const HOUR_MS = 3_600_000;

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());

/** Somebody with PRO whose next change is done by Stripe, and its answer lost. */
async function subscriberWhoseAnswerIsLost(user: string) {
  const desk = await openPlanDesk(store);
  const subscriptionId = await desk.subscribe(user);
  desk.clock.advance(24 * HOUR_MS);
  const path = `/v1/subscriptions/${subscriptionId}`;
  desk.stripe.faults.add({ path, method: 'POST', kind: 'reset', when: 'after', count: 2 });
  return { desk, subscriptionId };
}

describe('a change that is repeated because its answer was lost', () => {
  test('leaves what was changed since', async () => {
    const user = 'going-up';
    const { desk } = await subscriberWhoseAnswerIsLost(user);
    expect(await desk.upgrade(user, 'PREMIUM', { key: 'up' })).toMatchObject({ status: 503 });
    const ending = { tier: 'PREMIUM', cancel_at_period_end: true };
    expect(await desk.cancel(user, { key: 'end' })).toMatchObject({ status: 200, body: ending });
    desk.clock.advance(HOUR_MS);
    const again = await desk.upgrade(user, 'PREMIUM', { key: 'up' });
    expect(again).toMatchObject({ status: 200, body: ending });
    await desk.deliver();
    expect(await desk.shown(user)).toMatchObject(ending);
  });

  test('tells what Stripe says now, also where it is decided anew while Stripe still knows the key', async () => {
    const user = 'taking-back';
    const { desk } = await subscriberWhoseAnswerIsLost(user);
    expect(await desk.cancel(user, { key: 'end' })).toMatchObject({ status: 503 });
    expect((await desk.resume(user)).body).toMatchObject({ cancel_at_period_end: false });
    desk.clock.advance(23.5 * HOUR_MS);
    await desk.cancel(user, { key: 'end' });
    const [told] = (await desk.sdk.subscriptions.list({ limit: 1 })).data;
    expect(await desk.shown(user)).toMatchObject({
      cancel_at_period_end: told?.cancel_at_period_end,
    });
  });
});

test('a key that changed one user’s subscription is new in the path of another', async () => {
  const desk = await openPlanDesk(store);
  const provider = createStripeSubscriptions(desk.account, { askingMs: 1_000, chargingMs: 1_000 });
  for (const userId of ['path-ann', 'path-bob']) {
    await desk.subscribe(userId);
    const outcome = await changeSubscription(
      { ledger: store.ledger, provider, redirectOrigins: new Set() },
      {
        userId,
        wish: { kind: 'cancel', when: 'period_end', reason: null },
        urls: null,
        request: { cause: 'request:00000000000000000000000000000000', fingerprint: userId },
        actor: 'service:app',
        now: desk.clock.now().toISOString(),
      },
    );
    expect(outcome).toMatchObject({ kind: 'changed', replayed: false });
    expect(await desk.shown(userId)).toMatchObject({ cancel_at_period_end: true });
  }
});
