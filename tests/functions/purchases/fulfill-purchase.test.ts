import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '#infra/local/stripe/checkout';
import { adminPurchaseRoutes } from '#lib/contract/routes/admin-purchases';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { BALANCE_MAX } from '#lib/ledger/limits';
import { auditTrail } from '#tests/admin/audit-trail';
import { bodyOf, codeOf, openShop, seedPackages } from '#tests/functions/purchases/shop';
import { fillWallet, openTestLedger, spendWork, type TestLedger } from '#tests/support/ledger';

const { fulfillPurchase } = adminPurchaseRoutes;

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

/** A purchase that was begun by a user of its own, of which no event has told us anything. */
async function begun(provider: Provider) {
  const user = `fulfilled-${(users += 1)}`;
  const shop = await openShop(test);
  const { id, purchaseId } = await begin(shop, { provider, user });
  const wallet = { userId: user, creditType: 'general' };
  return {
    shop,
    purchaseId,
    wallet,
    pay: (outcome: Outcome = 'success') =>
      provider === 'stripe' ? shop.stripe.pay(id, outcome) : shop.rzp.razorpay.pay(id, outcome),
    faults: provider === 'stripe' ? shop.stripe.faults : shop.rzp.razorpay.faults,
    fulfill: (token = 'finance-1') =>
      shop.call(fulfillPurchase, {
        token,
        body: provider === 'stripe' ? { session_id: id } : { order_id: id },
      }),
    balance: async () => (await test.ledger.loadHead(wallet)).balance,
  };
}

async function begin(
  shop: Awaited<ReturnType<typeof openShop>>,
  { provider, user }: { readonly provider: Provider; readonly user: string },
) {
  if (provider === 'stripe') {
    const answer = bodyOf(purchaseRoutes.createCheckout, 201, await shop.buy({ user }));
    return { id: answer.session_id, purchaseId: answer.purchase_id };
  }
  const order = await shop.order({ package_id: 'starter' }, { user });
  const answer = bodyOf(purchaseRoutes.initiatePurchase, 201, order);
  return { id: answer.order_id, purchaseId: answer.purchase_id };
}

describe.each<Provider>(['stripe', 'razorpay'])('fulfilling a %s purchase by hand', (provider) => {
  it('credits what was paid once, however often it is done and whatever events come after', async () => {
    const { shop, purchaseId, pay, fulfill, balance } = await begun(provider);
    pay();
    const purchase = bodyOf(fulfillPurchase, 200, await fulfill());
    expect(purchase).toMatchObject({ purchase_id: purchaseId, status: 'paid' });
    expect(purchase.credits_granted).toBe(purchase.credits);
    await Promise.all(Array.from({ length: 5 }, () => fulfill()));
    await shop.fulfil();
    expect(await balance()).toBe(purchase.credits);
    // Each of the six stands in the audit, and only one of them changed anything.
    const records = await auditTrail(test, { userId: purchase.user_id });
    expect(records).toHaveLength(6);
    expect(records[0]).toMatchObject({
      action: 'fulfillPurchase',
      actor: 'admin:finance-1',
      target: { type: 'purchase', id: purchaseId },
    });
    expect(records.filter(({ after }) => after?.includes('"changed":true'))).toHaveLength(1);
  });

  it('credits nothing that nobody has paid', async () => {
    const { fulfill, balance } = await begun(provider);
    expect(codeOf(await fulfill())).toBe('PAYMENT_NOT_CAPTURED');
    expect(await balance()).toBe(0);
  });

  it('credits nothing for a card that was declined, and takes the next one', async () => {
    const { pay, fulfill, balance } = await begun(provider);
    pay('decline');
    expect(codeOf(await fulfill())).toBe('PAYMENT_NOT_CAPTURED');
    pay();
    expect(bodyOf(fulfillPurchase, 200, await fulfill())).toMatchObject({ status: 'paid' });
    expect(await balance()).toBeGreaterThan(0);
  });

  it('credits a wallet that had no room for it once there is', async () => {
    const { wallet, pay, fulfill, balance } = await begun(provider);
    pay();
    await fillWallet(test.ledger, wallet);
    expect(codeOf(await fulfill())).toBe('PAYMENT_NOT_CREDITED');
    await test.ledger.run(spendWork({ wallet, amount: 100, cause: 'room' }));
    expect(await balance()).toBe(BALANCE_MAX - 100);
    expect(bodyOf(fulfillPurchase, 200, await fulfill())).toMatchObject({ status: 'paid' });
    expect(await balance()).toBe(BALANCE_MAX);
  });

  it('says so while the provider does not answer, and can be done after', async () => {
    const { pay, faults, fulfill, balance } = await begun(provider);
    pay();
    faults.add({ kind: 'reset', count: 4 });
    expect(codeOf(await fulfill())).toBe('PAYMENT_PROVIDER_UNAVAILABLE');
    expect(await balance()).toBe(0);
    faults.clear();
    bodyOf(fulfillPurchase, 200, await fulfill());
    expect(await balance()).toBeGreaterThan(0);
  });

  it('is no missing purchase while the provider does not accept our API key', async () => {
    const { shop, pay, fulfill } = await begun(provider);
    pay();
    Object.assign(shop.keys, { stripe: 'sk_live_rolled', razorpay: 'rzp_test_rolled' });
    expect(codeOf(await fulfill())).toBe('PAYMENT_PROVIDER_FAILED');
  });

  it('is for those who may refund, and for nobody else', async () => {
    const { pay, fulfill, balance } = await begun(provider);
    pay();
    for (const token of ['support-1', 'user-1']) {
      expect(codeOf(await fulfill(token))).toBe('FORBIDDEN');
    }
    expect(await balance()).toBe(0);
  });
});

it('a slow payment that came to nothing ends the purchase, and credits nothing', async () => {
  const { pay, fulfill, balance } = await begun('stripe');
  pay('async_failure');
  expect(bodyOf(fulfillPurchase, 200, await fulfill())).toMatchObject({ status: 'failed' });
  expect(await balance()).toBe(0);
});

it.each([{ session_id: 'cs_test_none' }, { order_id: 'order_none' }])(
  'what the provider does not know is not found: %j',
  async (body) => {
    const shop = await openShop(test);
    const answer = await shop.call(fulfillPurchase, { token: 'finance-1', body });
    expect(codeOf(answer)).toBe('NOT_FOUND');
  },
);

it('a key that has verified or fulfilled one purchase is refused for another', async () => {
  const shop = await openShop(test);
  const user = 'one-key';
  const headers = { 'idempotency-key': 'k' };
  const begin = async () =>
    bodyOf(
      purchaseRoutes.initiatePurchase,
      201,
      await shop.order({ package_id: 'starter' }, { user }),
    ).order_id;
  const [first, second] = [await begin(), await begin()];
  const handovers = [first, second].map((id) => shop.rzp.razorpay.pay(id, 'success'));
  const codes: string[] = [];
  for (const { razorpay_order_id, razorpay_payment_id, razorpay_signature } of handovers) {
    const body = { razorpay_order_id, razorpay_payment_id, razorpay_signature };
    for (let time = 0; time < 2; time += 1) {
      const answer = await shop.call(purchaseRoutes.verifyPayment, { token: user, headers, body });
      codes.push(answer.statusCode === 200 ? 'verified' : codeOf(answer));
    }
  }
  const reused = 'IDEMPOTENCY_KEY_REUSED';
  expect(codes).toEqual(['verified', 'verified', reused, reused]);
  const fulfill = (order_id: string) =>
    shop.call(fulfillPurchase, { token: 'finance-1', headers, body: { order_id } });
  bodyOf(fulfillPurchase, 200, await fulfill(first));
  expect(codeOf(await fulfill(second))).toBe(reused);
  const head = await test.ledger.loadHead({ userId: user, creditType: 'general' });
  expect(head.balance).toBe(100);
});
