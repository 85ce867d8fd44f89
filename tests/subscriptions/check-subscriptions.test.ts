import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createStripeInvoices } from '#lib/payments/stripe-subscription-invoices';
import { createStripeSubscriptions } from '#lib/payments/stripe-subscriptions';
import { checkSubscriptions } from '#lib/subscriptions/check-subscriptions';
import { createPlanDueStore } from '#lib/store/plan-due-store';
import { openPlanDesk } from '#tests/functions/subscriptions/plan-desk';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

/*
 * What is left of a subscription whose events are lost: the schedule asks Stripe. Real table, real SDK, the local Stripe.
 */

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let store: TestLedger;
let desk: Awaited<ReturnType<typeof openPlanDesk>>;
beforeEach(async () => {
  store = await openTestLedger();
  desk = await openPlanDesk(store);
});
afterEach(() => store.close());

function check() {
  const patience = { askingMs: 1_000, chargingMs: 1_000 };
  return checkSubscriptions(
    {
      ledger: store.ledger,
      history: store.history,
      plansDue: createPlanDueStore(store.table),
      provider: createStripeSubscriptions(desk.account, patience),
      invoices: createStripeInvoices(desk.account),
    },
    desk.clock.now().toISOString(),
  );
}

/** Time passes, and whatever Stripe tells of it is lost. */
async function passes(ms: number): Promise<void> {
  desk.clock.advance(ms);
  await desk.lose();
}

const NOTHING = { asked: 0, restored: [], open: [] };

describe('a subscription whose events are lost', () => {
  test('is asked about when its next month is overdue, and gets its credits once', async () => {
    const id = await desk.subscribe('ada');
    await passes(28 * DAY_MS + 5 * HOUR_MS);
    // The credits of the first month are gone, and those of the second have not been told.
    expect(await check()).toEqual(NOTHING);
    await passes(2 * HOUR_MS);
    expect(await check()).toEqual({ asked: 1, restored: [id], open: [] });
    const shown = await desk.shown('ada');
    expect(shown).toMatchObject({ tier: 'PRO', plan_credits: [{ granted: 500, remaining: 500 }] });
    // To the minute: the clock goes on while the test does.
    expect(shown.current_period_end).toMatch(/^2027-03-31T10:00/);
    // What was carried over, and the month's own.
    expect(await desk.balance('ada')).toBe(750);
    expect(await check()).toEqual(NOTHING);
    await passes(25 * HOUR_MS);
    expect(await check()).toEqual(NOTHING);
  });

  test('gives nothing more when its events come after all', async () => {
    await desk.subscribe('ada');
    desk.clock.advance(28 * DAY_MS + 7 * HOUR_MS);
    await desk.settle();
    expect(await check()).toMatchObject({ asked: 1 });
    await desk.deliver();
    expect(await desk.balance('ada')).toBe(750);
  });

  test('has ended when Stripe says so, and what it gave is taken back', async () => {
    const id = await desk.subscribe('ada');
    await desk.sdk.subscriptions.cancel(id);
    await passes(28 * DAY_MS + 7 * HOUR_MS);
    expect(await check()).toEqual({ asked: 1, restored: [id], open: [] });
    expect(await desk.shown('ada')).toMatchObject({ tier: 'FREE', status: 'CANCELED' });
    expect(await check()).toEqual(NOTHING);
  });

  test('that Stripe does not answer about stays due, and is told of', async () => {
    const id = await desk.subscribe('ada');
    await passes(28 * DAY_MS + 7 * HOUR_MS);
    const deps = { find: async () => ({ kind: 'unknown', detail: 'no answer' }) as const };
    const answer = await checkSubscriptions(
      {
        ledger: store.ledger,
        history: store.history,
        plansDue: createPlanDueStore(store.table),
        provider: deps,
        invoices: createStripeInvoices(desk.account),
      },
      desk.clock.now().toISOString(),
    );
    expect(answer).toEqual({ asked: 1, restored: [], open: [`${id}: no answer`] });
    expect(await check()).toMatchObject({ asked: 1, restored: [id] });
  });

  test('is asked about at once where two words of one second contradict each other', async () => {
    const id = await desk.subscribe('ada');
    const record = { record: 'subscription', id: { userId: 'ada' } } as const;
    const stored = (await store.ledger.load([record]))('subscription', record.id);
    if (!stored) throw new Error('nothing was subscribed to');
    const doubtAt = desk.clock.now().toISOString();
    const value = { ...stored.value, cancelAtPeriodEnd: true, doubtAt };
    await store.ledger.write([{ ...record, value, version: stored.version }]);
    expect(await check()).toEqual({ asked: 1, restored: [id], open: [] });
    expect(await desk.shown('ada')).toMatchObject({ cancel_at_period_end: false });
    expect(await check()).toEqual(NOTHING);
  });
});
