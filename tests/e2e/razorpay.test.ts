import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestStack, type TestStack } from '#tests/support/stack';

let stack: TestStack;
beforeAll(async () => {
  stack = await openTestStack();
}, 60_000);
afterAll(async () => {
  await stack.close();
});

async function buy(token: string, body: object) {
  const begun = await stack.send('POST', '/credits/initiate-purchase', { token, body });
  expect(begun.status).toBe(201);
  const { order_id: orderId } = begun.body;
  const paid = await stack.send('POST', `/local/razorpay/orders/${String(orderId)}/pay`, {
    body: { outcome: 'success' },
  });
  const { razorpay_payment_id, razorpay_order_id, razorpay_signature } = paid.body;
  return {
    begun: begun.body,
    handover: { razorpay_payment_id, razorpay_order_id, razorpay_signature },
  };
}

const balanceOf = async (token: string) =>
  (await stack.send('GET', '/credits/balance', { token })).body['credits_balance'];

it('credits bought with Razorpay are there once, by page and webhook, at the price of the setting', async () => {
  const token = await stack.token({ sub: 'meera', email: 'meera@example.com' });
  const before = Number(await balanceOf(token));
  const { begun, handover } = await buy(token, { credits: 25 });
  expect(begun).toMatchObject({ amount: 125_000, currency: 'INR', credits: 25 });
  const verified = await stack.send('POST', '/credits/verify-payment', { token, body: handover });
  expect(verified).toMatchObject({
    status: 200,
    body: { credits_added: 25, credits_balance: before + 25 },
  });
  await stack.settle();
  expect(await balanceOf(token)).toBe(before + 25);
});

it('a payment whose app was closed is credited by its webhook alone, and a refund takes it back', async () => {
  const token = await stack.token({ sub: 'ravi', email: 'ravi@example.com' });
  const before = Number(await balanceOf(token));
  const { handover } = await buy(token, { package_id: 'starter' });
  await stack.settle();
  expect(await balanceOf(token)).toBe(before + 100);
  const payment = String(handover.razorpay_payment_id);
  await stack.send('POST', `/local/razorpay/payments/${payment}/refund`, {
    body: { amount: 250_000 },
  });
  await stack.settle();
  expect(await balanceOf(token)).toBe(before + 50);
});
