import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { receiptPage } from '#lib/purchases/receipt';
import { bodyOf, codeOf, openShop, seedPackages } from '#tests/functions/purchases/shop';
import { purchaseOf } from '#tests/purchases/purchase-builders';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const { createCheckout, getReceipt, listPackages, listPurchases } = purchaseRoutes;

let test: TestLedger;
let shop: Awaited<ReturnType<typeof openShop>>;
beforeAll(async () => {
  test = await openTestLedger();
  await seedPackages(test, [
    {
      id: 'calls',
      name: 'Calls',
      description: '3 calls',
      creditType: 'calling',
      credits: 3,
      prices: [
        { currency: 'EUR', amountMinor: 1_000 },
        { currency: 'JPY', amountMinor: 150 },
      ],
      active: true,
      position: 0,
    },
  ]);
});
afterAll(async () => {
  await test.close();
});

describe('packages', () => {
  it('are listed for anyone, in order, by credit type, with the price of one credit and what is off it', async () => {
    shop = await openShop(test);
    const { packages, by_credit_type } = bodyOf(
      listPackages,
      200,
      await shop.call(listPackages, {}),
    );
    const prices = packages.map(({ package_id, price, price_per_credit, discount_percent }) => [
      package_id,
      price,
      price_per_credit,
      discount_percent,
    ]);
    expect(prices).toEqual([
      ['calls', 1_000, '3.33333333', null],
      ['starter', 1_000, '0.10', 0],
      ['pro', 8_000, '0.08', 20],
      ['business', 60_000, '0.06', 40],
    ]);
    expect(by_credit_type).toEqual({ calling: packages.slice(0, 1), general: packages.slice(1) });
  });

  it.each([
    ['JPY', [['calls', 150, '50']]],
    ['GBP', []],
  ])('in %s are those with such a price', async (currency, expected) => {
    shop = await openShop(test);
    const answer = await shop.call(listPackages, { query: `currency=${currency}` });
    const { packages } = bodyOf(listPackages, 200, answer);
    expect(packages.map((each) => [each.package_id, each.price, each.price_per_credit])).toEqual(
      expected,
    );
  });
});

describe('the list of own purchases', () => {
  it('is newest first, in pages by number or cursor, and holds nobody else’s', async () => {
    shop = await openShop(test);
    const ids: string[] = [];
    for (let bought = 0; bought < 5; bought += 1) {
      ids.unshift(bodyOf(createCheckout, 201, await shop.buy({ user: 'lister' })).purchase_id);
      await shop.buy({ user: 'other' });
    }
    const list = async (query: string) =>
      bodyOf(listPurchases, 200, await shop.call(listPurchases, { token: 'lister', query }));

    const whole = await list('');
    expect(whole.purchases.map((each) => each.purchase_id)).toEqual(ids);
    expect(whole.pagination).toEqual({
      page: 1,
      limit: 20,
      total: 5,
      total_pages: 1,
      next_cursor: null,
    });
    expect(whole.purchases[0]).toEqual({
      purchase_id: ids[0],
      user_id: 'lister',
      status: 'pending',
      provider: 'stripe',
      origin: 'user',
      package_id: 'starter',
      credit_type: 'general',
      credits: 100,
      amount: 1_000,
      currency: 'USD',
      amount_refunded: 0,
      credits_granted: 0,
      credits_reversed: 0,
      transaction_id: null,
      created_at: '2026-03-01T12:00:00.000Z',
      paid_at: null,
      last_decline: null,
      outcome_unknown: [],
    });

    const first = await list('limit=2');
    expect(first.pagination).toMatchObject({ total: 5, total_pages: 3 });
    ids.unshift(bodyOf(createCheckout, 201, await shop.buy({ user: 'lister' })).purchase_id);
    const second = await list(`cursor=${first.pagination.next_cursor ?? ''}`);
    const third = await list(`cursor=${second.pagination.next_cursor ?? ''}`);
    expect(third.pagination.next_cursor).toBeNull();
    const seen = [first, second, third].flatMap(({ purchases }) => purchases);
    expect(seen.map((each) => each.purchase_id)).toEqual(ids.slice(1));
    const byNumber = await list('limit=2&page=3');
    expect(byNumber.purchases.map((each) => each.purchase_id)).toEqual(ids.slice(4));
    expect((await list('page=9')).purchases).toEqual([]);
  });

  it('refuses the cursor of another user', async () => {
    shop = await openShop(test);
    for (let bought = 0; bought < 2; bought += 1) await shop.buy({ user: 'first' });
    const answer = await shop.call(listPurchases, { token: 'first', query: 'limit=1' });
    const { next_cursor } = bodyOf(listPurchases, 200, answer).pagination;
    const stolen = await shop.call(listPurchases, {
      token: 'second',
      query: `cursor=${next_cursor ?? ''}`,
    });
    expect(codeOf(stolen)).toBe('INVALID_CURSOR');
  });
});

describe('a receipt', () => {
  it('is a page for the buyer once the purchase is paid, and for nobody else', async () => {
    shop = await openShop(test);
    const bought = bodyOf(createCheckout, 201, await shop.buy({ user: 'buyer' }));
    const ask = (token: string) =>
      shop.call(getReceipt, { token, params: { id: bought.purchase_id } });
    expect(codeOf(await ask('buyer'))).toBe('RECEIPT_NOT_READY');
    shop.stripe.pay(bought.session_id, 'success');
    await shop.fulfil();
    const receipt = await ask('buyer');
    expect(receipt).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
    });
    for (const text of [
      bought.purchase_id,
      '$10.00',
      'Starter',
      '100 general',
      'Acme &amp; Sons',
    ]) {
      expect(receipt.body).toContain(text);
    }
    expect(codeOf(await ask('stranger'))).toBe('NOT_FOUND');
  });

  const payments = [{ ref: 'pi_1', amountMinor: 1_000, at: '2026-11-18T23:59:00.000Z' }];

  it('escapes what other people wrote', () => {
    const page = receiptPage(
      purchaseOf({
        payments,
        packageName: '<script>alert(1)</script>',
        email: '"><img src=x>@example.com',
      }),
      { name: '<b>' },
    );
    expect(page).not.toMatch(/<script|<img|<b>/);
    expect(page).toContain('&lt;script&gt;');
  });

  it.each([
    ['USD', '$10.00'],
    ['JPY', '¥1,000'],
    ['KWD', 'KWD\u00a01.000'],
  ])('shows money in the format of %s', (currency, text) => {
    expect(receiptPage(purchaseOf({ payments, currency }), { name: 'Acme' })).toContain(text);
  });

  it('shows the date, the payment and what was refunded', () => {
    const refunds = [
      {
        id: 're_1',
        paymentRef: 'pi_1',
        amountMinor: 250,
        state: 'succeeded',
        at: '2026-11-19T00:00:00.000Z',
      } as const,
    ];
    const page = receiptPage(purchaseOf({ payments, refunds }), { name: 'Acme' });
    for (const text of ['18 November 2026', 'pi_1', '$2.50', 'ada@example.com']) {
      expect(page).toContain(text);
    }
  });
});
