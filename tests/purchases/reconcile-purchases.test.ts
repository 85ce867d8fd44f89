import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '#lib/ledger/verify';
import { createRazorpayClient } from '#lib/payments/razorpay-client';
import { createRazorpayRecords } from '#lib/payments/razorpay-records';
import { createStripeRecords } from '#lib/payments/stripe-records';
import { applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import type { ProviderRecords } from '#lib/purchases/provider-records';
import type { Purchase } from '#lib/purchases/purchase';
import { statusOf } from '#lib/purchases/purchase-status';
import { reconcilePurchases } from '#lib/purchases/reconcile-purchases';
import { driftOf } from '#lib/purchases/reconciliation';
import { createRecentPurchaseStore } from '#lib/store/recent-purchase-store';
import {
  KEY,
  newOrder,
  type Running as Razorpay,
  startRazorpay,
} from '#tests/infra/local/razorpay/stand-in';
import {
  type Running as Stripe,
  sessionParams,
  startStripe,
} from '#tests/infra/local/stripe/stand-in';
import { checkoutEventOf, purchaseOf } from '#tests/purchases/purchase-builders';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

/*
 * No event ever reaches the ledger here: all it knows it has asked for. Stripe's and Razorpay's stand-ins answer, and
 * the purchases are in a real table of the test's own.
 */

const HOUR_MS = 3_600_000;

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});

let made = 0;

/** 500 credits for 49.00, with the page or order that the provider has for it. */
async function givenPurchase(of: {
  readonly provider: Purchase['provider'];
  readonly id: string;
  readonly createdAt: Date;
  readonly sessionId: string | null;
}): Promise<Purchase> {
  const { id, provider, sessionId } = of;
  const session = sessionId === null ? null : { id: sessionId, url: null, expiresAt: null };
  const value = purchaseOf({
    id,
    provider,
    session,
    userId: `user-${id}`,
    credits: 500,
    amountMinor: 4_900,
    currency: provider === 'stripe' ? 'USD' : 'INR',
    createdAt: of.createdAt.toISOString(),
  });
  await test.ledger.write([
    { record: 'purchase', id: { purchaseId: id }, value, version: null },
    ...(sessionId === null
      ? []
      : [
          {
            record: 'paymentReference',
            id: { provider, ref: sessionId },
            value: { purchaseId: id },
            version: null,
          } as const,
        ]),
  ]);
  return value;
}

async function givenSession(
  { sdk, clock }: Stripe,
  changes: { readonly amountMinor?: number; readonly isTold?: boolean } = {},
) {
  made += 1;
  const id = `pur_session_${made}`;
  const { amountMinor: unit_amount = 4_900, isTold = true } = changes;
  const metadata = { purchase_id: id };
  const price_data = { currency: 'usd', unit_amount, product_data: { name: 'Credits' } };
  const session = await sdk.checkout.sessions.create(
    sessionParams({
      line_items: [{ quantity: 1, price_data }],
      client_reference_id: id,
      metadata,
      payment_intent_data: { metadata },
    }),
  );
  const createdAt = clock.now();
  const sessionId = isTold ? session.id : null;
  await givenPurchase({ provider: 'stripe', id, createdAt, sessionId });
  return { id, sessionId: session.id };
}

async function givenOrder({ sdk, clock }: Razorpay, changes: { readonly isTold?: boolean } = {}) {
  made += 1;
  const id = `pur_order_${made}`;
  const orderId = await newOrder(sdk, { amount: 4_900, receipt: id, notes: { purchase_id: id } });
  const sessionId = changes.isTold === false ? null : orderId;
  await givenPurchase({ provider: 'razorpay', id, createdAt: clock.now(), sessionId });
  return { id, orderId };
}

function recordsOfStripe({ apiUrl, clock }: Stripe): ProviderRecords {
  const { hostname, port } = new URL(apiUrl);
  return createStripeRecords({
    apiKey: async () => 'sk_test_local',
    livemode: false,
    timeoutMs: 2_000,
    server: { host: hostname, port: Number(port), protocol: 'http' },
    now: () => clock.now(),
  });
}

function recordsOfRazorpay({ apiUrl }: Razorpay): ProviderRecords {
  const { hostname, port } = new URL(apiUrl);
  const server = { host: hostname, port: Number(port), protocol: 'http' } as const;
  return createRazorpayRecords(
    createRazorpayClient({ credentials: async () => KEY, timeoutMs: 2_000, server }),
  );
}

const reconcile = ({ clock }: Stripe | Razorpay, records: ProviderRecords) =>
  reconcilePurchases(
    { store: test.ledger, recent: createRecentPurchaseStore(test.table), records },
    { now: clock.now().toISOString() },
  );

async function stateOf(id: string) {
  const read = await test.ledger.load([{ record: 'purchase', id: { purchaseId: id } }]);
  const purchase = read('purchase', { purchaseId: id })?.value;
  if (!purchase) throw new Error('the purchase is gone');
  const { userId, creditType } = purchase;
  const head = await test.ledger.loadHead({ userId, creditType });
  expect(verify(head, await test.ledger.loadEntries(userId))).toEqual([]);
  return { status: statusOf(purchase), balance: head.balance, purchase };
}

const counts = { restored: 0, expired: 0, duplicate: 0, mismatch: 0, unknown: 0, waiting: 0 };

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
    stripe.pay(paid.sessionId, 'success');
    stripe.pay(untold.sessionId, 'success');
    stripe.pay(slow.sessionId, 'async_success');
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
    // Five payments, a refund and a dispute.
    expect(first).toMatchObject({ ...counts, restored: 7, expired: 1 });
    expect(driftOf(first)).toBe(7);
    expect(await stateOf(paid.id)).toMatchObject({ status: 'paid', balance: 500 });
    expect(await stateOf(untold.id)).toMatchObject({ status: 'paid', balance: 500 });
    expect(await stateOf(slow.id)).toMatchObject({ status: 'paid', balance: 500 });
    expect(await stateOf(refunded.id)).toMatchObject({
      status: 'partially_refunded',
      balance: 400,
    });
    expect(await stateOf(disputed.id)).toMatchObject({ status: 'disputed', balance: 0 });
    expect(await stateOf(abandoned.id)).toMatchObject({ status: 'expired', balance: 0 });

    stripe.dispute(disputeOf ?? '', 'win');
    clock.advance(HOUR_MS);
    expect(await reconcile(running, records)).toMatchObject({ ...counts, restored: 1 });
    expect(await stateOf(disputed.id)).toMatchObject({ status: 'paid', balance: 500 });

    clock.advance(HOUR_MS);
    const last = await reconcile(running, records);
    expect(last).toMatchObject({ ...counts, findings: [], problems: [] });
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
      ...counts,
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
      expect(report).toMatchObject({ ...counts, mismatch: 1 });
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
    expect(report).toMatchObject({ ...counts, unknown: 1, waiting: 1 });
  });

  it('a payment of the last minutes is left to its event', async () => {
    const running = await startStripe();
    const { id, sessionId } = await givenSession(running);
    running.clock.advance(HOUR_MS);
    running.stripe.pay(sessionId, 'success');
    expect(await reconcile(running, recordsOfStripe(running))).toMatchObject(counts);
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
      const { hostname, port } = new URL(running.apiUrl);
      const impatient = createStripeRecords({
        apiKey: async () => 'sk_test_local',
        livemode: false,
        timeoutMs: 100,
        server: { host: hostname, port: Number(port), protocol: 'http' },
        now: () => running.clock.now(),
      });
      const report = await reconcile(running, impatient);
      expect(report).toMatchObject(counts);
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
    expect(first).toMatchObject({ ...counts, restored: 5, expired: 2 });
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
    expect(last).toMatchObject({ ...counts, findings: [], problems: [] });

    // What is paid after all counts.
    razorpay.pay(abandoned.orderId, 'success');
    clock.advance(HOUR_MS);
    expect(await reconcile(running, records)).toMatchObject({ ...counts, restored: 1 });
    expect(await stateOf(abandoned.id)).toMatchObject({ status: 'paid', balance: 500 });
  });

  it('a payment for an order of nobody is unknown', async () => {
    const running = await startRazorpay();
    const orderId = await newOrder(running.sdk);
    running.razorpay.pay(orderId, 'success');
    running.clock.advance(HOUR_MS);
    const report = await reconcile(running, recordsOfRazorpay(running));
    expect(report).toMatchObject({ ...counts, unknown: 1 });
  });
});
