import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { driftOf } from '#lib/purchases/reconciliation';
import { newOrder, startRazorpay } from '#tests/infra/local/razorpay/stand-in';
import { sessionParams, startStripe } from '#tests/infra/local/stripe/stand-in';
import { checkoutEventOf } from '#tests/purchases/purchase-builders';
import {
  NOTHING,
  recordsOfRazorpay,
  recordsOfStripe,
  withoutEvents,
} from '#tests/purchases/without-events';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

/*
 * No event ever reaches the ledger here: all it knows it has asked for. Stripe's and Razorpay's stand-ins answer, and
 * the purchases are in a real table of the test's own.
 */

const HOUR_MS = 3_600_000;

let test: TestLedger;
beforeAll(async () => {
  // The SDK waits before it asks again, which is all that is taken from it.
  vi.spyOn(Stripe.prototype, 'getInitialNetworkRetryDelay').mockReturnValue(0.001);
  test = await openTestLedger();
});
afterAll(async () => {
  vi.restoreAllMocks();
  await test.close();
});

const { givenOrder, givenSession, reconcile, stateOf } = withoutEvents(() => test);

describe("Stripe's webhooks were lost for a day", () => {
  it('every purchase, refund and dispute is restored, and a second run finds nothing', async () => {
    const running = await startStripe();
    const { stripe, clock } = running;
    const paid = await givenSession(running);
    const refunded = await givenSession(running);
    const disputed = await givenSession(running);
    const abandoned = await givenSession(running);
    const untold = await givenSession(running, { isTold: false });
    const slow = await givenSession(running);
    const bounced = await givenSession(running);
    stripe.pay(paid.sessionId, 'success');
    stripe.pay(untold.sessionId, 'success');
    stripe.pay(slow.sessionId, 'async_success');
    stripe.pay(bounced.sessionId, 'async_failure');
    const [refundOf, disputeOf] = [refunded, disputed].map(({ sessionId }) =>
      String(stripe.pay(sessionId, 'success').payment_intent),
    );
    stripe.refund(refundOf ?? '', { amount: 980 });
    stripe.dispute(disputeOf ?? '', 'open');
    clock.advance(25 * HOUR_MS);
    await running.settle();

    const records = recordsOfStripe(running);
    const first = await reconcile(running, records);
    expect(first.problems).toEqual([]);
    // Five payments, a refund, a dispute, and a bank that did not pay.
    expect(first).toMatchObject({ ...NOTHING, restored: 8, expired: 1 });
    expect(driftOf(first)).toBe(8);
    expect(await stateOf(paid.id)).toMatchObject({ status: 'paid', balance: 500 });
    expect(await stateOf(untold.id)).toMatchObject({ status: 'paid', balance: 500 });
    expect(await stateOf(slow.id)).toMatchObject({ status: 'paid', balance: 500 });
    expect(await stateOf(bounced.id)).toMatchObject({ status: 'failed', balance: 0 });
    expect(await stateOf(refunded.id)).toMatchObject({
      status: 'partially_refunded',
      balance: 400,
    });
    expect(await stateOf(disputed.id)).toMatchObject({ status: 'disputed', balance: 0 });
    expect(await stateOf(abandoned.id)).toMatchObject({ status: 'expired', balance: 0 });

    stripe.dispute(disputeOf ?? '', 'win');
    clock.advance(HOUR_MS);
    expect(await reconcile(running, records)).toMatchObject({ ...NOTHING, restored: 1 });
    expect(await stateOf(disputed.id)).toMatchObject({ status: 'paid', balance: 500 });

    clock.advance(HOUR_MS);
    const last = await reconcile(running, records);
    expect(last).toMatchObject({ ...NOTHING, findings: [], problems: [] });
    expect(driftOf(last)).toBe(0);
  });

  it('what events have told is no news, whatever times they gave', async () => {
    const running = await startStripe();
    const { id, sessionId } = await givenSession(running);
    const paymentRef = String(running.stripe.pay(sessionId, 'success').payment_intent);
    running.clock.advance(HOUR_MS);
    // An event may be dated after the payment, which is what the provider's own record says.
    const event = checkoutEventOf({
      sessionRef: sessionId,
      claimedPurchaseId: id,
      paymentRef,
      priceMinor: 4_900,
      payableMinor: 4_900,
      at: running.clock.now().toISOString(),
    });
    await applyPaymentEvent({ store: test.ledger }, { event, now: event.at });
    const before = await stateOf(id);
    expect(before).toMatchObject({ status: 'paid', balance: 500 });
    expect(await reconcile(running, recordsOfStripe(running))).toMatchObject({
      ...NOTHING,
      findings: [],
    });
    expect(await stateOf(id)).toEqual(before);
  });

  it('a payment of another amount is reported every time, and nothing is credited', async () => {
    const running = await startStripe();
    const { id, sessionId } = await givenSession(running, { amountMinor: 100 });
    running.stripe.pay(sessionId, 'success');
    running.clock.advance(HOUR_MS);
    for (let run = 1; run <= 2; run += 1) {
      const report = await reconcile(running, recordsOfStripe(running));
      expect(report).toMatchObject({ ...NOTHING, mismatch: 1 });
      expect(report.findings).toMatchObject([{ kind: 'mismatch', purchaseId: id }]);
      expect(await stateOf(id)).toMatchObject({ status: 'pending', balance: 0 });
      running.clock.advance(HOUR_MS);
    }
  });

  it('money of nothing of ours is unknown, and a refund of it waits', async () => {
    const running = await startStripe();
    const session = await running.sdk.checkout.sessions.create(sessionParams());
    const { payment_intent } = running.stripe.pay(session.id, 'success');
    running.stripe.refund(String(payment_intent));
    running.clock.advance(HOUR_MS);
    const report = await reconcile(running, recordsOfStripe(running));
    expect(report).toMatchObject({ ...NOTHING, unknown: 1, waiting: 1 });
  });

  it('a payment of the last minutes is left to its event', async () => {
    const running = await startStripe();
    const { id, sessionId } = await givenSession(running);
    running.clock.advance(HOUR_MS);
    running.stripe.pay(sessionId, 'success');
    expect(await reconcile(running, recordsOfStripe(running))).toMatchObject(NOTHING);
    expect(await stateOf(id)).toMatchObject({ status: 'pending' });
  });

  it.each(['reset', '500', '429', '502_html', 'no_error_key', 'hang'] as const)(
    'when Stripe does not answer (%s) the report says so, nothing expires, and a later run restores all',
    async (kind) => {
      const running = await startStripe();
      const paid = await givenSession(running);
      const abandoned = await givenSession(running);
      running.stripe.pay(paid.sessionId, 'success');
      running.clock.advance(25 * HOUR_MS);
      await running.settle();
      running.stripe.faults.add({ kind, count: 100, path: '/v1/' });
      const impatient = recordsOfStripe(running, { timeoutMs: 100 });
      const report = await reconcile(running, impatient);
      expect(report).toMatchObject(NOTHING);
      expect(report.problems.length).toBeGreaterThan(0);
      expect(await stateOf(abandoned.id)).toMatchObject({ status: 'pending' });
      running.stripe.faults.clear();
      running.clock.advance(1_000);
      expect(await reconcile(running, recordsOfStripe(running))).toMatchObject({ restored: 1 });
      expect(await stateOf(paid.id)).toMatchObject({ status: 'paid', balance: 500 });
      expect(await stateOf(abandoned.id)).toMatchObject({ status: 'expired' });
    },
  );
});

describe("Razorpay's webhooks were lost for a day", () => {
  it('every purchase, refund and dispute is restored, and a second run finds nothing', async () => {
    const running = await startRazorpay();
    const { razorpay, clock } = running;
    const paid = await givenOrder(running);
    const refunded = await givenOrder(running);
    const disputed = await givenOrder(running);
    const abandoned = await givenOrder(running);
    const untold = await givenOrder(running, { isTold: false });
    razorpay.pay(paid.orderId, 'success');
    const [refundOf = '', disputeOf = ''] = [refunded, disputed].map(
      ({ orderId }) => razorpay.pay(orderId, 'success').razorpay_payment_id ?? '',
    );
    razorpay.refund(refundOf, { amount: 980 });
    razorpay.dispute(disputeOf, 'created');
    clock.advance(25 * HOUR_MS);
    await running.settle();

    const records = recordsOfRazorpay(running);
    const first = await reconcile(running, records);
    expect(first.problems).toEqual([]);
    // Three payments, a refund and a dispute.
    expect(first).toMatchObject({ ...NOTHING, restored: 5, expired: 2 });
    expect(await stateOf(paid.id)).toMatchObject({ status: 'paid', balance: 500 });
    expect(await stateOf(refunded.id)).toMatchObject({
      status: 'partially_refunded',
      balance: 400,
    });
    expect(await stateOf(disputed.id)).toMatchObject({ status: 'disputed', balance: 0 });
    expect(await stateOf(abandoned.id)).toMatchObject({ status: 'expired' });
    expect(await stateOf(untold.id)).toMatchObject({ status: 'expired' });

    clock.advance(HOUR_MS);
    const last = await reconcile(running, records);
    expect(last).toMatchObject({ ...NOTHING, findings: [], problems: [] });

    // What is paid after all counts.
    razorpay.pay(abandoned.orderId, 'success');
    clock.advance(HOUR_MS);
    expect(await reconcile(running, records)).toMatchObject({ ...NOTHING, restored: 1 });
    expect(await stateOf(abandoned.id)).toMatchObject({ status: 'paid', balance: 500 });
  });

  it('a payment for an order of nobody is unknown', async () => {
    const running = await startRazorpay();
    const orderId = await newOrder(running.sdk);
    running.razorpay.pay(orderId, 'success');
    running.clock.advance(HOUR_MS);
    const report = await reconcile(running, recordsOfRazorpay(running));
    expect(report).toMatchObject({ ...NOTHING, unknown: 1 });
  });
});
