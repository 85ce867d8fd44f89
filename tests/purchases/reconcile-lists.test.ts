import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { driftOf } from '#lib/purchases/reconciliation';
import { newOrder, startRazorpay } from '#tests/infra/local/razorpay/stand-in';
import { sessionParams, startStripe } from '#tests/infra/local/stripe/stand-in';
import { checkoutEventOf, paymentEventOf } from '#tests/purchases/purchase-builders';
import {
  NOTHING,
  recordsOfRazorpay,
  recordsOfStripe,
  withoutEvents,
} from '#tests/purchases/without-events';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const HOUR_MS = 3_600_000;
/** More than two of the providers' pages, of what is no business of ours. */
const OTHERS = 201;

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});

const { givenOrder, givenSession, reconcile, stateOf } = withoutEvents(() => test);

/** A purchase that an event has told to be paid, where the provider's list has another payment of it. */
async function paidTwice(provider: 'stripe' | 'razorpay') {
  if (provider === 'stripe') {
    const running = await startStripe();
    const { id, sessionId } = await givenSession(running);
    const at = running.clock.now().toISOString();
    const event = checkoutEventOf({
      sessionRef: sessionId,
      claimedPurchaseId: id,
      paymentRef: `pi_first_of_${id}`,
      priceMinor: 4_900,
      payableMinor: 4_900,
      at,
    });
    await applyPaymentEvent({ store: test.ledger }, { event, now: at });
    running.stripe.pay(sessionId, 'success');
    return { id, running, records: recordsOfStripe(running) };
  }
  const running = await startRazorpay();
  const { id, orderId } = await givenOrder(running);
  const at = running.clock.now().toISOString();
  const event = paymentEventOf({
    provider,
    currency: 'INR',
    sessionRef: orderId,
    paymentRef: `pay_first_of_${id}`,
    amountMinor: 4_900,
    at,
  });
  await applyPaymentEvent({ store: test.ledger }, { event, now: at });
  running.razorpay.pay(orderId, 'success');
  return { id, running, records: recordsOfRazorpay(running) };
}

describe.each(['stripe', 'razorpay'] as const)('a second payment at %s', (provider) => {
  it('is reported as duplicate by every comparison, and credits nothing', async () => {
    const { id, records, running } = await paidTwice(provider);
    const before = await stateOf(id);
    expect(before).toMatchObject({ status: 'paid', balance: 500 });
    for (let run = 1; run <= 2; run += 1) {
      running.clock.advance(HOUR_MS);
      const report = await reconcile(running, records);
      expect(report).toMatchObject({ ...NOTHING, duplicate: 1, problems: [] });
      expect(report.findings).toMatchObject([{ kind: 'duplicate', purchaseId: id }]);
      expect(report.findings[0]?.detail).toMatch(/^SECOND_PAYMENT: .* has to be refunded$/);
      expect(driftOf(report)).toBe(1);
      expect(await stateOf(id)).toEqual(before);
    }
  });
});

it('a second paid page of a purchase at Stripe is a duplicate, and credits nothing', async () => {
  const running = await startStripe();
  const { id, sessionId } = await givenSession(running);
  const { id: second } = await running.sdk.checkout.sessions.create(
    sessionParams({ client_reference_id: id, metadata: { purchase_id: id } }),
  );
  for (const page of [sessionId, second]) running.stripe.pay(page, 'success');
  const records = recordsOfStripe(running);
  running.clock.advance(HOUR_MS);
  await reconcile(running, records);
  running.clock.advance(HOUR_MS);
  expect(await reconcile(running, records)).toMatchObject({ ...NOTHING, duplicate: 1 });
  expect(await stateOf(id)).toMatchObject({ status: 'paid', balance: 500 });
});

describe('what stands on the first, a middle and the last page of a long list is restored once:', () => {
  it('at Stripe', async () => {
    const running = await startStripe();
    const ids: string[] = [];
    for (let other = 0; other <= OTHERS; other += 1) {
      if (other % 100 === 0 || other === OTHERS) {
        const { id, sessionId } = await givenSession(running);
        running.stripe.pay(sessionId, 'success');
        ids.push(id);
      }
      await running.sdk.checkout.sessions.create(sessionParams());
    }
    await expectAllRestored(running, { ids, records: recordsOfStripe(running) });
  });

  it('at Razorpay', async () => {
    const running = await startRazorpay();
    const ids: string[] = [];
    for (let other = 0; other <= OTHERS; other += 1) {
      if (other % 100 === 0 || other === OTHERS) {
        const { id, orderId } = await givenOrder(running);
        running.razorpay.pay(orderId, 'success');
        ids.push(id);
      }
      running.razorpay.pay(await newOrder(running.sdk), 'decline');
    }
    await expectAllRestored(running, { ids, records: recordsOfRazorpay(running) });
  });

  async function expectAllRestored(
    running: Parameters<typeof reconcile>[0],
    about: { readonly ids: readonly string[]; readonly records: Parameters<typeof reconcile>[1] },
  ): Promise<void> {
    const { ids, records } = about;
    running.clock.advance(HOUR_MS);
    const first = await reconcile(running, records);
    expect(first).toMatchObject({ ...NOTHING, restored: ids.length, problems: [] });
    for (const id of ids) expect(await stateOf(id)).toMatchObject({ status: 'paid', balance: 500 });
    running.clock.advance(HOUR_MS);
    expect(await reconcile(running, records)).toMatchObject({ ...NOTHING, findings: [] });
  }
});
