import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { BALANCE_MAX } from '#lib/ledger/limits';
import type { SettingKey, StoredSetting } from '#lib/settings/settings';
import { bodyOf, codeOf, openShop, seedPackages } from '#tests/functions/purchases/shop';
import { KEY } from '#tests/infra/local/razorpay/stand-in';
import { fillWallet, openTestLedger, spendWork, type TestLedger } from '#tests/support/ledger';
import { setSetting } from '#tests/support/settings';

const { getPurchase, initiatePurchase, listPackages, verifyPayment } = purchaseRoutes;

type Shop = Awaited<ReturnType<typeof openShop>>;

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
  await seedPackages(test);
});
afterAll(async () => {
  await test.close();
});

let users = 0;
const newUser = () => `payer-${(users += 1)}`;
const balanceOf = async (userId: string, creditType = 'general') =>
  (await test.ledger.loadHead({ userId, creditType })).balance;

/** An order of a new user, and what the page hands over once it is paid. */
async function paid(shop: Shop, body: Readonly<Record<string, unknown>> = { credits: 25 }) {
  const user = newUser();
  const begun = bodyOf(initiatePurchase, 201, await shop.order(body, { user }));
  return { user, begun, handover: shop.rzp.razorpay.pay(begun.order_id, 'success') };
}

const set = (key: SettingKey, value: StoredSetting['value']) => setSetting(test.ledger, key, value);

describe('initiating a purchase', () => {
  it.each([
    ['any number of credits, in INR', { credits: 25 }, { amount: 125_000, credits: 25 }],
    ['a package, in INR', { package_id: 'pro' }, { amount: 4_000_000, credits: 1_000 }],
    [
      'in another currency',
      { credits: 25, currency: 'USD' },
      { amount: 250, currency: 'USD', credits: 25 },
    ],
  ])('of %s opens an order at its price', async (_, body, expected) => {
    const shop = await openShop(test);
    const begun = bodyOf(initiatePurchase, 201, await shop.order(body, { user: newUser() }));
    expect(begun).toMatchObject({ currency: 'INR', key_id: KEY.keyId, ...expected });
    const order = await shop.rzp.sdk.orders.fetch(begun.order_id);
    expect(order).toMatchObject({
      amount: begun.amount,
      currency: begun.currency,
      receipt: begun.purchase_id,
    });
  });

  it('again with its key continues the same purchase and order', async () => {
    const shop = await openShop(test);
    const user = newUser();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => shop.order({ credits: 25 }, { user, key: 'k' })),
    );
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    const again = await shop.order({ credits: 25 }, { user, key: 'k' });
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    expect((await shop.rzp.sdk.orders.all()).items).toHaveLength(1);
    const other = await shop.order({ credits: 26 }, { user, key: 'k' });
    expect(codeOf(other)).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('after a lost answer is visible, and continues with one order', async () => {
    const shop = await openShop(test);
    const user = newUser();
    shop.rzp.razorpay.faults.add({ kind: 'reset', count: 4, path: '/v1/orders' });
    const lost = await shop.order({ credits: 25 }, { user, key: 'k' });
    expect(codeOf(lost)).toBe('PAYMENT_PROVIDER_UNAVAILABLE');
    shop.rzp.razorpay.faults.clear();
    const begun = bodyOf(
      initiatePurchase,
      201,
      await shop.order({ credits: 25 }, { user, key: 'k' }),
    );
    expect((await shop.rzp.sdk.orders.all()).items).toMatchObject([{ id: begun.order_id }]);
  });

  it('paid while its answer was lost credits once, by the receipt that order.paid names', async () => {
    const shop = await openShop(test);
    const user = newUser();
    shop.rzp.razorpay.faults.add({ kind: 'reset', count: 4, path: '/v1/orders' });
    await shop.order({ credits: 25 }, { user, key: 'k' });
    const [order] = (await shop.rzp.sdk.orders.all()).items;
    shop.rzp.razorpay.pay(order?.id ?? '', 'success');
    await shop.fulfil('order.paid');
    await shop.fulfil();
    expect(await balanceOf(user)).toBe(25);
  });

  it.each<[string, object, string]>([
    ['there is no such package', { package_id: 'none' }, 'NOT_FOUND'],
    ['there is no price', { credits: 1, currency: 'EUR' }, 'CURRENCY_NOT_AVAILABLE'],
    ['a package and credits are asked for', { package_id: 'pro', credits: 1 }, 'VALIDATION_FAILED'],
    ['nothing is asked for', {}, 'VALIDATION_FAILED'],
    [
      'a package is asked for as another type',
      { package_id: 'pro', credit_type: 'calling' },
      'VALIDATION_FAILED',
    ],
    ['the caller names the price', { credits: 1, amount: 1 }, 'VALIDATION_FAILED'],
  ])('is refused when %s', async (_, body, code) => {
    const shop = await openShop(test);
    const user = newUser();
    expect(codeOf(await shop.order({ ...body }, { user }))).toBe(code);
    const read = await test.ledger.load([{ record: 'purchaseCount', id: { userId: user } }]);
    expect(read('purchaseCount', { userId: user })).toBeNull();
    expect((await shop.rzp.sdk.orders.all()).items).toEqual([]);
  });
});

describe('verifying a payment', () => {
  it('credits at once, and the webhook adds nothing', async () => {
    const shop = await openShop(test);
    const { user, begun, handover } = await paid(shop, { credits: 25, credit_type: 'calling' });
    const verified = bodyOf(verifyPayment, 200, await shop.verify(handover, { user }));
    expect(verified).toMatchObject({
      credits_added: 25,
      credits_balance: 25,
      balance: 25,
      purchase_id: begun.purchase_id,
      transaction: { type: 'purchase', amount: 25, credit_type: 'calling' },
    });
    await shop.fulfil();
    expect(await balanceOf(user, 'calling')).toBe(25);
    const again = await shop.verify(handover, { user });
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    expect(bodyOf(verifyPayment, 200, again)).toEqual(verified);
  });

  it('after the webhook answers with its credit', async () => {
    const shop = await openShop(test);
    const { user, handover } = await paid(shop);
    await shop.fulfil();
    expect(await balanceOf(user)).toBe(25);
    const verified = bodyOf(verifyPayment, 200, await shop.verify(handover, { user }));
    expect(verified).toMatchObject({ credits_added: 25, credits_balance: 25 });
    expect(await test.ledger.loadEntries(user)).toHaveLength(1);
  });

  it('races the webhook fifty times and credits once each', async () => {
    const shop = await openShop(test);
    for (let round = 0; round < 50; round += 1) {
      const { user, begun, handover } = await paid(shop);
      await shop.rzp.settle();
      const [first, second] = await Promise.all([
        shop.verify(handover, { user }),
        shop.verify(handover, { user }),
        shop.fulfil(begun.order_id),
        shop.fulfil(begun.order_id),
      ]);
      expect([first.statusCode, second.statusCode]).toEqual([200, 200]);
      expect([await balanceOf(user), (await test.ledger.loadEntries(user)).length]).toEqual([
        25, 1,
      ]);
    }
  });

  it.each<[string, (shop: Shop) => Promise<{ code: string; user: string }>]>([
    [
      'PAYMENT_SIGNATURE_INVALID: a forged signature',
      async (shop) => {
        const { user, handover } = await paid(shop);
        const forged = { razorpay_signature: 'f'.repeat(64) };
        return { user, code: codeOf(await shop.verify(handover, { user, ...forged })) };
      },
    ],
    [
      'PAYMENT_SIGNATURE_INVALID: the signature of another payment',
      async (shop) => {
        const { handover: other } = await paid(shop);
        const { user, handover } = await paid(shop);
        const { razorpay_payment_id, razorpay_signature } = other;
        const swapped = { razorpay_payment_id, razorpay_signature };
        return { user, code: codeOf(await shop.verify(handover, { user, ...swapped })) };
      },
    ],
    [
      'NOT_FOUND: another user’s order',
      async (shop) => {
        const { handover } = await paid(shop);
        const user = newUser();
        return { user, code: codeOf(await shop.verify(handover, { user })) };
      },
    ],
    [
      'NOT_FOUND: an order that nobody made here',
      async (shop) => {
        const { user, handover } = await paid(shop);
        const other = { razorpay_order_id: 'order_none' };
        return { user, code: codeOf(await shop.verify(handover, { user, ...other })) };
      },
    ],
    [
      'NOT_FOUND: the payment in place of the order',
      async (shop) => {
        const { user, handover } = await paid(shop);
        await shop.fulfil();
        await test.ledger.run(spendAll(user));
        const id = handover.razorpay_payment_id ?? '';
        const other = { razorpay_order_id: id, razorpay_signature: signed(id, id) };
        return { user, code: codeOf(await shop.verify(handover, { user, ...other })) };
      },
    ],
    [
      'PAYMENT_ORDER_MISMATCH: a payment that Razorpay has for another order',
      async (shop) => {
        const { handover: other } = await paid(shop);
        const { user, begun, handover } = await paid(shop);
        const { razorpay_payment_id } = other;
        const razorpay_signature = signed(begun.order_id, razorpay_payment_id ?? '');
        const swapped = { razorpay_payment_id, razorpay_signature };
        return { user, code: codeOf(await shop.verify(handover, { user, ...swapped })) };
      },
    ],
    [
      'PURCHASE_PAID_ALREADY: a second payment of an order',
      async (shop) => {
        const { user, begun, handover } = await paid(shop);
        await shop.fulfil();
        await test.ledger.run(spendAll(user));
        const id = { purchaseId: begun.purchase_id };
        const stored = (await test.ledger.load([{ record: 'purchase', id }]))('purchase', id);
        if (!stored) throw new Error('the purchase is there');
        const [first] = stored.value.payments;
        if (!first) throw new Error('the purchase is paid');
        // As if the order had been paid before, by a payment that we cannot ask about any more.
        const value = { ...stored.value, payments: [{ ...first, ref: 'pay_before' }] };
        await test.ledger.write([{ record: 'purchase', id, value, version: stored.version }]);
        return { user, code: codeOf(await shop.verify(handover, { user })) };
      },
    ],
    [
      'PAYMENT_NOT_CAPTURED: a payment that is authorized only',
      async (shop) => {
        const user = newUser();
        const begun = bodyOf(initiatePurchase, 201, await shop.order({ credits: 25 }, { user }));
        const payer = { settleAfterMs: 60_000 };
        const handover = shop.rzp.razorpay.pay(begun.order_id, 'async_success', payer);
        return { user, code: codeOf(await shop.verify(handover, { user })) };
      },
    ],
    [
      'PAYMENT_AMOUNT_MISMATCH: a smaller amount than was agreed',
      async (shop) => ({ ...(await tamper(shop, { amountMinor: 250_000 })) }),
    ],
    [
      'PAYMENT_CURRENCY_MISMATCH: another currency than was agreed',
      async (shop) => ({ ...(await tamper(shop, { currency: 'USD' })) }),
    ],
    [
      'PAYMENT_PROVIDER_UNAVAILABLE: Razorpay does not answer',
      async (shop) => {
        const { user, handover } = await paid(shop);
        shop.rzp.razorpay.faults.add({ kind: '500', count: 4, path: '/v1/payments' });
        return { user, code: codeOf(await shop.verify(handover, { user })) };
      },
    ],
    [
      'PAYMENT_PROVIDER_FAILED: a signed payment that Razorpay does not know',
      async (shop) => {
        const { user, begun, handover } = await paid(shop);
        const razorpay_payment_id = 'pay_none';
        const razorpay_signature = signed(begun.order_id, razorpay_payment_id);
        const unknown = { razorpay_payment_id, razorpay_signature };
        return { user, code: codeOf(await shop.verify(handover, { user, ...unknown })) };
      },
    ],
  ])('is refused, and nothing is credited: %s', async (name, attempt) => {
    const { code, user } = await attempt(await openShop(test));
    expect(code).toBe(name.split(':')[0]);
    expect(await balanceOf(user)).toBe(0);
  });

  it('of a payment that is captured later works then', async () => {
    const shop = await openShop(test);
    const user = newUser();
    const begun = bodyOf(initiatePurchase, 201, await shop.order({ credits: 25 }, { user }));
    const handover = shop.rzp.razorpay.pay(begun.order_id, 'async_success', {
      settleAfterMs: 60_000,
    });
    await shop.verify(handover, { user });
    shop.rzp.clock.advance(61_000);
    await shop.rzp.settle();
    bodyOf(verifyPayment, 200, await shop.verify(handover, { user }));
    expect(await balanceOf(user)).toBe(25);
  });

  it('of a payment that the wallet has no room for works once there is', async () => {
    const shop = await openShop(test);
    const { user, handover } = await paid(shop);
    const wallet = { userId: user, creditType: 'general' };
    await fillWallet(test.ledger, wallet);
    expect(codeOf(await shop.verify(handover, { user }))).toBe('PAYMENT_NOT_CREDITED');
    await test.ledger.run(spendWork({ wallet, amount: 25, cause: 'room' }));
    expect(await balanceOf(user)).toBe(BALANCE_MAX - 25);
    bodyOf(verifyPayment, 200, await shop.verify(handover, { user }));
    expect(await balanceOf(user)).toBe(BALANCE_MAX);
  });
});

/** As Razorpay's page would sign it, which only Razorpay and we can. */
function signed(orderId: string, paymentId: string): string {
  return createHmac('sha256', KEY.keySecret).update(`${orderId}|${paymentId}`).digest('hex');
}

/** So that a second credit would show. */
function spendAll(userId: string) {
  const wallet = { userId, creditType: 'general' };
  return spendWork({ wallet, amount: 25, cause: `spent:${userId}` });
}

/** The purchase was agreed otherwise than the payment is: as if somebody could change one of both. */
async function tamper(shop: Shop, agreed: { amountMinor?: number; currency?: string }) {
  const { user, begun, handover } = await paid(shop);
  const id = { purchaseId: begun.purchase_id };
  const stored = (await test.ledger.load([{ record: 'purchase', id }]))('purchase', id);
  if (!stored) throw new Error('the purchase is there');
  const value = { ...stored.value, ...agreed };
  await test.ledger.write([{ record: 'purchase', id, value, version: stored.version }]);
  return { user, code: codeOf(await shop.verify(handover, { user })) };
}

it.each([
  ['decline', 'pending', 0],
  ['async_failure', 'pending', 0],
  ['cancel', 'pending', 0],
  ['async_success', 'paid', 25],
] as const)(
  'an order with the outcome %s ends %s with %i credits',
  async (outcome, status, credits) => {
    const shop = await openShop(test);
    const user = newUser();
    const begun = bodyOf(initiatePurchase, 201, await shop.order({ credits: 25 }, { user }));
    shop.rzp.razorpay.pay(begun.order_id, outcome);
    await shop.fulfil();
    const read = { token: user, params: { id: begun.purchase_id } };
    const purchase = bodyOf(getPurchase, 200, await shop.call(getPurchase, read));
    expect(purchase).toMatchObject({ status });
    expect(purchase.last_decline !== null).toBe(['decline', 'async_failure'].includes(outcome));
    expect(await balanceOf(user)).toBe(credits);
  },
);

describe('settings', () => {
  it('change prices at once, of packages and of credits, and of nothing that was begun', async () => {
    const shop = await openShop(test);
    const before = await paid(shop, { package_id: 'starter' });
    await set('price_per_credit', [{ currency: 'INR', amount: '60.00' }]);
    const list = await shop.call(listPackages, { query: 'currency=INR' });
    const prices = bodyOf(listPackages, 200, list).packages.map((each) => each.price);
    expect(prices).toEqual([600_000, 4_800_000, 36_000_000]);
    const after = await paid(shop, { credits: 25 });
    expect([before.begun.amount, after.begun.amount]).toEqual([500_000, 150_000]);
    bodyOf(verifyPayment, 200, await shop.verify(before.handover, { user: before.user }));
    await set('price_per_credit', [
      { currency: 'USD', amount: '0.10' },
      { currency: 'INR', amount: '50.00' },
    ]);
  });

  it('bound the credits of one purchase, of both providers', async () => {
    const shop = await openShop(test);
    await set('purchase_credits_min', 10);
    await set('purchase_credits_max', 500);
    const user = newUser();
    const small = await shop.order({ credits: 9 }, { user });
    expect([codeOf(small), JSON.parse(small.body ?? '{}')]).toMatchObject([
      'PURCHASE_TOO_SMALL',
      { limit: 10 },
    ]);
    expect(codeOf(await shop.order({ credits: 501 }, { user }))).toBe('PURCHASE_TOO_LARGE');
    expect(codeOf(await shop.buy({ user, body: { package_id: 'pro' } }))).toBe(
      'PURCHASE_TOO_LARGE',
    );
    bodyOf(initiatePurchase, 201, await shop.order({ credits: 10 }, { user }));
    bodyOf(initiatePurchase, 201, await shop.order({ credits: 500 }, { user }));
    await set('purchase_credits_min', 1);
    await set('purchase_credits_max', 1_000_000);
  });

  it('bound how many purchases wait at once, whatever the number of requests', async () => {
    const shop = await openShop(test);
    await set('purchases_pending_max', 3);
    const user = newUser();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => shop.order({ credits: 25 }, { user })),
    );
    const codes = answers.map((answer) => (answer.statusCode === 201 ? 'begun' : codeOf(answer)));
    expect(codes.filter((code) => code === 'begun')).toHaveLength(3);
    expect(codes.filter((code) => code === 'TOO_MANY_PENDING_PURCHASES')).toHaveLength(5);
    expect(codeOf(await shop.buy({ user }))).toBe('TOO_MANY_PENDING_PURCHASES');
    const [order] = (await shop.rzp.sdk.orders.all()).items;
    shop.rzp.razorpay.pay(order?.id ?? '', 'success');
    await shop.fulfil();
    bodyOf(initiatePurchase, 201, await shop.order({ credits: 25 }, { user }));
    await set('purchases_pending_max', 50);
  });

  it('bound the purchases of a day, and say when there is room again', async () => {
    const shop = await openShop(test);
    await set('purchases_per_day_max', 2);
    const user = newUser();
    await shop.order({ credits: 25 }, { user });
    await shop.buy({ user });
    const refused = await shop.order({ credits: 25 }, { user });
    expect(codeOf(refused)).toBe('TOO_MANY_PURCHASES_TODAY');
    expect(refused.headers?.['retry-after']).toBe('86400');
    await set('purchases_per_day_max', 100);
  });
});
