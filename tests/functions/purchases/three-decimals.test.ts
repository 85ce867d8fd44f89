import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminConfigurationRoutes } from '#lib/contract/routes/admin-configuration';
import { adminPurchaseRoutes } from '#lib/contract/routes/admin-purchases';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { openOffice } from '#tests/functions/admin/office';
import { bodyOf, codeOf, openShop } from '#tests/functions/purchases/shop';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const { createPackage } = adminConfigurationRoutes;
const { refundPurchase } = adminPurchaseRoutes;

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(() => test.close());

/** Stripe and Razorpay charge dinars and rials in steps of ten thousandths. */
const create = (id: string, amount: number, currency = 'KWD') =>
  openOffice(test, { group: 'admin' }).call(createPackage, {
    body: {
      package_id: id,
      name: 'Team',
      description: '500 credits',
      credits: 500,
      prices: [{ currency, amount }],
    },
  });

it.each(['BHD', 'JOD', 'KWD', 'OMR', 'TND'])(
  'a package has no price in %s that no provider charges',
  async (currency) => {
    expect(codeOf(await create(`odd-${currency}`, 1_505, currency))).toBe('VALIDATION_FAILED');
    bodyOf(createPackage, 201, await create(`even-${currency}`, 1_510, currency));
  },
);

it('money goes back in amounts that a provider pays', async () => {
  bodyOf(createPackage, 201, await create('kuwait', 1_500));
  const shop = await openShop(test);
  const bought = await shop.buy({ body: { package_id: 'kuwait', currency: 'KWD' } });
  const { purchase_id, session_id } = bodyOf(purchaseRoutes.createCheckout, 201, bought);
  shop.stripe.pay(session_id, 'success');
  await shop.fulfil();
  const refund = (amount: number) =>
    shop.call(refundPurchase, {
      token: 'finance-1',
      params: { id: purchase_id },
      body: { amount, reason: 'asked for it' },
    });
  expect(codeOf(await refund(125))).toBe('VALIDATION_FAILED');
  expect(bodyOf(refundPurchase, 201, await refund(130))).toMatchObject({ amount: 130 });
});
