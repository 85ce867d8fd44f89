import Stripe from 'stripe';
import { expect, test } from 'vitest';

import { sessionParams, startStripe, type Running } from '#tests/infra/local/stripe/stand-in';

async function paidIntent({ sdk, stripe }: Running): Promise<string> {
  const { id } = await sdk.checkout.sessions.create(sessionParams());
  return stripe.pay(id, 'success').payment_intent ?? '';
}

test('partial refunds add up on the charge, and events tell of each', async () => {
  const running = await startStripe({ events: ['refund.created', 'charge.refunded'] });
  const { sdk, received } = running;
  const payment_intent = await paidIntent(running);
  const first = await sdk.refunds.create({
    payment_intent,
    amount: 500,
    reason: 'requested_by_customer',
    metadata: { refund_id: 'r1' },
  });
  expect(first).toMatchObject({
    object: 'refund',
    amount: 500,
    payment_intent,
    reason: 'requested_by_customer',
    status: 'succeeded',
    metadata: { refund_id: 'r1' },
  });
  const rest = await sdk.refunds.create({ payment_intent });
  expect(rest.amount).toBe(1499);
  await running.settle();
  expect(received.map(({ event }) => event.type)).toEqual([
    'refund.created',
    'charge.refunded',
    'refund.created',
    'charge.refunded',
  ]);
  expect(received.at(-1)?.event.data).toMatchObject({
    object: { amount_refunded: 1999, refunded: true },
    previous_attributes: { amount_refunded: 500, refunded: false },
  });
  const list = await sdk.refunds.list({ payment_intent });
  expect(list.data.map(({ id }) => id)).toEqual([rest.id, first.id]);
  await expect(sdk.refunds.retrieve(first.id)).resolves.toEqual(first);
});

test('a refund is never more than what is left', async () => {
  const running = await startStripe();
  const { sdk } = running;
  const payment_intent = await paidIntent(running);
  await expect(sdk.refunds.create({ payment_intent, amount: 2000 })).rejects.toThrow(
    'greater than unrefunded amount on charge (1999)',
  );
  await sdk.refunds.create({ payment_intent, amount: 500 });
  await expect(sdk.refunds.create({ payment_intent, amount: 1500 })).rejects.toThrow(
    'greater than unrefunded amount on charge (1499)',
  );
  await sdk.refunds.create({ payment_intent });
  await expect(sdk.refunds.create({ payment_intent })).rejects.toMatchObject({
    code: 'charge_already_refunded',
  });
});

test('a payment that failed has nothing to refund', async () => {
  const { sdk, stripe } = await startStripe();
  const { id } = await sdk.checkout.sessions.create(sessionParams());
  const payment_intent = stripe.pay(id, 'decline').payment_intent ?? '';
  await expect(sdk.refunds.create({ payment_intent })).rejects.toBeInstanceOf(
    Stripe.errors.StripeInvalidRequestError,
  );
  await expect(sdk.refunds.create({ payment_intent: 'pi_none' })).rejects.toMatchObject({
    code: 'resource_missing',
    statusCode: 400,
  });
});

test('a refund that is asked for twice under one key happens once', async () => {
  const running = await startStripe();
  const { sdk } = running;
  const payment_intent = await paidIntent(running);
  const options = { idempotencyKey: 'refund:r1' };
  const first = await sdk.refunds.create({ payment_intent, amount: 100 }, options);
  const second = await sdk.refunds.create({ payment_intent, amount: 100 }, options);
  expect(second).toEqual(first);
  expect((await sdk.refunds.list({ payment_intent })).data).toHaveLength(1);
});
