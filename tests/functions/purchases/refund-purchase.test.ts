import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RefundCourse } from '#infra/local/razorpay/refunds';
import { adminPurchaseRoutes } from '#lib/contract/routes/admin-purchases';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { verify } from '#lib/ledger/verify';
import { auditTrail } from '#tests/admin/audit-trail';
import { bodyOf, codeOf, openShop, seedPackages } from '#tests/functions/purchases/shop';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const { refundPurchase } = adminPurchaseRoutes;
const DAY_MS = 86_400_000;

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
  await seedPackages(test);
});
afterAll(async () => {
  await test.close();
});

let users = 0;
type Provider = 'stripe' | 'razorpay';
type Shop = Awaited<ReturnType<typeof openShop>>;

/** A purchase of a user of its own, with what finance can do about it. */
async function bought(provider: Provider, { paid = true, isClockShared = false } = {}) {
  const user = `returned-${(users += 1)}`;
  const shop = await openShop(test, {}, { isClockShared });
  const { dispute, elsewhere, purchaseId, refundsMade } = await (provider === 'stripe'
    ? atStripe(shop, { user, paid })
    : atRazorpay(shop, { user, paid }));
  await shop.fulfil();
  return {
    shop,
    dispute,
    elsewhere,
    refundsMade,
    faults: provider === 'stripe' ? shop.stripe.faults : shop.rzp.razorpay.faults,
    refund: (body: object = {}, { key = 'k', token = 'finance-1' } = {}) =>
      shop.call(refundPurchase, {
        token,
        params: { id: purchaseId },
        headers: { 'idempotency-key': key },
        body: { reason: 'asked for it', ...body },
      }),
    balance: async () => {
      const head = await test.ledger.loadHead({ userId: user, creditType: 'general' });
      expect(verify(head, await test.ledger.loadEntries(user))).toEqual([]);
      return head.balance;
    },
  };
}

interface Buyer {
  readonly user: string;
  readonly paid: boolean;
}

async function atStripe(shop: Shop, { user, paid }: Buyer) {
  const begun = bodyOf(purchaseRoutes.createCheckout, 201, await shop.buy({ user }));
  const payment = paid ? shop.stripe.pay(begun.session_id, 'success').payment_intent : null;
  const dispute = () => void shop.stripe.dispute(payment ?? '', 'open');
  const refundsMade = async () =>
    (await shop.sdk.refunds.list({ limit: 100 })).data.map(({ amount }) => amount);
  const elsewhere = () => void shop.stripe.refund(payment ?? '');
  return { dispute, elsewhere, purchaseId: begun.purchase_id, refundsMade };
}

async function atRazorpay(shop: Shop, { user, paid }: Buyer) {
  const order = await shop.order({ package_id: 'starter' }, { user });
  const begun = bodyOf(purchaseRoutes.initiatePurchase, 201, order);
  const payment = paid
    ? shop.rzp.razorpay.pay(begun.order_id, 'success').razorpay_payment_id
    : null;
  const dispute = () => void shop.rzp.razorpay.dispute(payment ?? '', 'created');
  const refundsMade = async () =>
    (await shop.rzp.sdk.refunds.all()).items.map(({ amount }) => amount);
  /** All that is left, from the dashboard. */
  const elsewhere = (course: Partial<RefundCourse> = {}) =>
    void shop.rzp.razorpay.refund(payment ?? '', course);
  return { dispute, elsewhere, purchaseId: begun.purchase_id, refundsMade };
}

describe.each<Provider>(['stripe', 'razorpay'])('giving a %s payment back', (provider) => {
  it('in part, then the rest, takes the credits back once, by the answer and the events', async () => {
    const { shop, refund, refundsMade, balance } = await bought(provider);
    const credits = await balance();
    const amount = provider === 'stripe' ? 250 : 125_000;
    const part = bodyOf(refundPurchase, 201, await refund({ amount }));
    expect(part).toMatchObject({ amount, purchase: { status: 'partially_refunded' } });
    expect(await balance()).toBeLessThan(credits);
    const rest = bodyOf(refundPurchase, 201, await refund({}, { key: 'rest' }));
    expect(rest.purchase).toMatchObject({ status: 'refunded' });
    expect(rest.amount).toBe(rest.purchase.amount - amount);
    await shop.fulfil();
    expect(await balance()).toBe(0);
    expect(await refundsMade()).toHaveLength(2);
    expect(codeOf(await refund({}, { key: 'more' }))).toBe('ALREADY_REFUNDED');
    const records = await auditTrail(test, { userId: rest.purchase.user_id });
    const asked = records.map(({ after }) =>
      Number(/"amount_requested":(\d+)/.exec(after ?? '')?.[1]),
    );
    expect(new Set(asked)).toEqual(new Set([amount, rest.amount]));
    expect(records[0]).toMatchObject({ action: 'refundPurchase', actor: 'admin:finance-1' });
  });

  it('whose answer is lost is open, and repeated with its key it gives the money back once', async () => {
    const { refund, refundsMade, faults, balance } = await bought(provider);
    faults.add({ kind: 'reset', count: 2, when: 'after' });
    expect(codeOf(await refund({ amount: 300 }))).toBe('PAYMENT_PROVIDER_UNAVAILABLE');
    faults.clear();
    const made = bodyOf(refundPurchase, 201, await refund({ amount: 300 }));
    const left = await balance();
    const again = await refund({ amount: 300 });
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    expect(bodyOf(refundPurchase, 201, again)).toEqual(made);
    expect(await refundsMade()).toEqual([300]);
    expect(await balance()).toBe(left);
    expect(codeOf(await refund({ amount: 301 }))).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('of all that is left, learned by its event while the answer was lost, is the same refund', async () => {
    const { shop, refund, refundsMade, faults, balance } = await bought(provider);
    faults.add({ kind: 'reset', count: 2, when: 'after' });
    expect(codeOf(await refund())).toBe('PAYMENT_PROVIDER_UNAVAILABLE');
    faults.clear();
    await shop.fulfil();
    expect(await balance()).toBe(0);
    bodyOf(refundPurchase, 201, await refund());
    expect(await refundsMade()).toHaveLength(1);
    expect(await balance()).toBe(0);
  });

  it('under another key is refused while nobody can tell whether it was made', async () => {
    const { refund, refundsMade, faults } = await bought(provider);
    faults.add({ kind: 'reset', count: 2, when: 'after' });
    expect(codeOf(await refund({ amount: 300 }))).toBe('PAYMENT_PROVIDER_UNAVAILABLE');
    for (const body of [{ amount: 300 }, { amount: 200 }, {}]) {
      expect(codeOf(await refund(body, { key: 'other' }))).toBe('REFUND_OUTCOME_UNKNOWN');
    }
    expect(await refundsMade()).toEqual([300]);
    bodyOf(refundPurchase, 201, await refund({ amount: 300 }));
    bodyOf(refundPurchase, 201, await refund({ amount: 200 }, { key: 'other' }));
    expect([...(await refundsMade())].toSorted()).toEqual([200, 300]);
  });

  it('whose answer is lost stays open while our API key is not accepted, and nothing goes back twice', async () => {
    const { shop, refund, refundsMade, faults } = await bought(provider);
    faults.add({ kind: 'reset', count: 2, when: 'after' });
    expect(codeOf(await refund({ amount: 300 }))).toBe('PAYMENT_PROVIDER_UNAVAILABLE');
    const ours = { ...shop.keys };
    Object.assign(shop.keys, { stripe: 'sk_live_rolled', razorpay: 'rzp_test_rolled' });
    expect(codeOf(await refund({ amount: 300 }))).toBe('PAYMENT_PROVIDER_UNAVAILABLE');
    Object.assign(shop.keys, ours);
    expect(codeOf(await refund({ amount: 300 }, { key: 'other' }))).toBe('REFUND_OUTCOME_UNKNOWN');
    expect(await refundsMade()).toEqual([300]);
    bodyOf(refundPurchase, 201, await refund({ amount: 300 }));
    expect(await refundsMade()).toEqual([300]);
  });

  it('ten times at once under keys of their own gives no more back than was paid', async () => {
    const { shop, refund, refundsMade, balance } = await bought(provider);
    const keys = Array.from({ length: 10 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => refund({}, { key })));
    await shop.fulfil();
    expect(await refundsMade()).toHaveLength(1);
    expect(await balance()).toBe(0);
  });

  it('refuses more than was paid, and what nobody has paid', async () => {
    const { refund, refundsMade } = await bought(provider);
    expect(codeOf(await refund({ amount: 99_999_999 }))).toBe('REFUND_EXCEEDS_PAYMENT');
    expect(await refundsMade()).toEqual([]);
    const unpaid = await bought(provider, { paid: false });
    expect(codeOf(await unpaid.refund())).toBe('PURCHASE_NOT_PAID');
  });

  it('is refused while a dispute holds the money', async () => {
    const { shop, dispute, refund, refundsMade, balance } = await bought(provider);
    dispute();
    await shop.fulfil();
    const left = await balance();
    expect(codeOf(await refund({ amount: 300 }))).toBe('CONFLICT');
    expect(await refundsMade()).toEqual([]);
    expect(await balance()).toBe(left);
  });

  it('is for those who may refund, and for nobody else', async () => {
    const { refund, refundsMade } = await bought(provider);
    for (const token of ['support-1', 'user-1']) {
      expect(codeOf(await refund({}, { token }))).toBe('FORBIDDEN');
    }
    expect(await refundsMade()).toEqual([]);
  });
});

it('of an old purchase whose refund was never heard of again, a new one may be asked for after two days', async () => {
  const { shop, refund, refundsMade, faults } = await bought('stripe', { isClockShared: true });
  shop.pass(20 * DAY_MS);
  faults.add({ kind: 'reset', count: 2, when: 'before' });
  expect(codeOf(await refund())).toBe('PAYMENT_PROVIDER_UNAVAILABLE');
  shop.pass(DAY_MS);
  expect(codeOf(await refund())).toBe('CONFLICT');
  expect(codeOf(await refund({}, { key: 'new' }))).toBe('REFUND_OUTCOME_UNKNOWN');
  shop.pass(DAY_MS + 1);
  bodyOf(refundPurchase, 201, await refund({}, { key: 'new' }));
  expect(await refundsMade()).toHaveLength(1);
});

it('that Razorpay has refused stays refused under its key, whatever has changed since', async () => {
  const { shop, refund, refundsMade, elsewhere } = await bought('razorpay', {
    isClockShared: true,
  });
  elsewhere({ settlesAs: 'failed', afterMs: 60_000 });
  expect(codeOf(await refund())).toBe('PAYMENT_PROVIDER_FAILED');
  // The other refund does not arrive, so that all of the money can go back again.
  shop.pass(60_001);
  await shop.fulfil();
  expect(codeOf(await refund())).toBe('PAYMENT_PROVIDER_FAILED');
  bodyOf(refundPurchase, 201, await refund({ amount: 30_000 }, { key: 'other' }));
  expect(codeOf(await refund())).toBe('PAYMENT_PROVIDER_FAILED');
  expect(await refundsMade()).toEqual([30_000, 500_000]);
});
