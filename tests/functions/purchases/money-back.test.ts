import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DisputeAct } from '#infra/local/stripe/disputes';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { verify } from '#lib/ledger/verify';
import { bodyOf, openShop, seedPackages } from '#tests/functions/purchases/shop';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const { createCheckout, getPurchase } = purchaseRoutes;

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
  await seedPackages(test);
});
afterAll(async () => {
  await test.close();
});

let users = 0;

/** A purchase that was paid at Stripe's page, by a user of its own; every event of it goes through fulfillment. */
async function bought() {
  users += 1;
  const user = `refunded-${users}`;
  const shop = await openShop(test);
  const { session_id, purchase_id } = bodyOf(createCheckout, 201, await shop.buy({ user }));
  const payment = shop.stripe.pay(session_id, 'success').payment_intent ?? '';
  await shop.fulfil();
  return {
    stripe: shop.stripe,
    payment,
    /** What the owner sees after everything that Stripe has told so far, all of it told again. */
    now: async () => {
      await shop.fulfil();
      const answer = await shop.call(getPurchase, { token: user, params: { id: purchase_id } });
      const { status, amount_refunded, credits } = bodyOf(getPurchase, 200, answer);
      const head = await test.ledger.loadHead({ userId: user, creditType: 'general' });
      expect(verify(head, await test.ledger.loadEntries(user))).toEqual([]);
      expect(shop.lines.map((line) => line['message'])).not.toContain('event quarantined');
      return { status, amount_refunded, part: head.balance / credits };
    },
  };
}

describe('what the stand-in’s Stripe tells, through fulfillment, all of it again each time:', () => {
  it('a refund in two parts', async () => {
    const { stripe, payment, now } = await bought();
    expect(await now()).toEqual({ status: 'paid', amount_refunded: 0, part: 1 });
    const { amount } = stripe.refund(payment, { amount: 100 });
    const partly = await now();
    expect(partly).toMatchObject({ status: 'partially_refunded', amount_refunded: amount });
    stripe.refund(payment);
    expect(await now()).toMatchObject({ status: 'refunded', part: 0 });
  });

  it('a refund that failed', async () => {
    const { stripe, payment, now } = await bought();
    const { id } = stripe.refund(payment);
    expect(await now()).toMatchObject({ status: 'refunded', part: 0 });
    stripe.failRefund(id);
    expect(await now()).toEqual({ status: 'paid', amount_refunded: 0, part: 1 });
  });

  it.each<[string, readonly DisputeAct[], string, number]>([
    ['an inquiry', ['inquire', 'respond', 'withdraw'], 'paid', 1],
    ['an open dispute', ['open', 'respond'], 'disputed', 0],
    ['a dispute won', ['open', 'respond', 'win'], 'paid', 1],
    ['a dispute lost', ['open', 'lose'], 'disputed', 0],
    ['a dispute won by appeal', ['open', 'lose', 'appeal', 'win'], 'paid', 1],
    ['an inquiry that escalated and was lost', ['inquire', 'escalate', 'lose'], 'disputed', 0],
  ])('%s', async (_, steps, status, part) => {
    const { stripe, payment, now } = await bought();
    for (const step of steps) {
      stripe.dispute(payment, step);
      await now();
    }
    expect(await now()).toMatchObject({ status, part });
  });
});
