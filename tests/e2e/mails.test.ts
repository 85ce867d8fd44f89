import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { openTestStack, type TestStack } from '#tests/support/stack';

let stack: TestStack;
beforeAll(async () => {
  stack = await openTestStack();
}, 60_000);
afterAll(async () => {
  await stack.close();
});

/** 100 credits of 50.00 INR each, and not paid yet. */
async function begin(token: string) {
  const body = { credits: 100 };
  const begun = await stack.send('POST', '/credits/initiate-purchase', { token, body });
  expect(begun.status).toBe(201);
  return { order: String(begun.body['order_id']), purchase: String(begun.body['purchase_id']) };
}

async function act(path: string, body: object) {
  const answer = await stack.send('POST', `/local/razorpay/${path}`, { body });
  expect(answer.status).toBe(200);
  return answer.body;
}

async function pay(order: string): Promise<string> {
  const paid = await act(`orders/${order}/pay`, { outcome: 'success' });
  return String(paid['razorpay_payment_id']);
}

async function mailsAbout(purchase: string) {
  const { emails } = z
    .object({
      emails: z.array(z.object({ to: z.array(z.string()), subject: z.string(), text: z.string() })),
    })
    .parse((await stack.send('GET', '/local/emails')).body);
  return emails
    .filter(({ text }) => text.includes(` ${purchase}\n`))
    .map(({ to, subject }) => `${to.join()}: ${subject}`);
}

it('buyer and finance are told of a failure, a refund and a dispute, each once', async () => {
  const token = await stack.token({ sub: 'asha', email: 'asha@example.com' });
  const failed = await begin(token);
  await act(`orders/${failed.order}/pay`, { outcome: 'decline' });
  const bought = await begin(token);
  const payment = await pay(bought.order);
  await stack.settle();
  await act(`payments/${payment}/refund`, { amount: 50_000 });
  await act(`payments/${payment}/dispute`, { step: 'created', amount: 100_000 });
  await stack.settle();
  const told = await mailsAbout(bought.purchase);
  expect(told.toSorted()).toEqual([
    'asha@example.com: Your receipt for 100 credits',
    'asha@example.com: Your refund of ₹500.00',
    expect.stringMatching(/^finance@example.com: Payment (disputed|inquiry): ₹1,000.00, /),
  ]);
  // The order takes another card, until Razorpay is asked about it a day later.
  expect(await mailsAbout(failed.purchase)).toEqual([]);
  await stack.advance('PT26H');
  await stack.settle();
  expect(await mailsAbout(failed.purchase)).toEqual([
    'asha@example.com: Your payment for 100 credits failed',
  ]);
});

it('with SES failing for an hour the credits are there at once, and the mail after it', async () => {
  const user = { sub: 'vikram', email: 'vikram@example.com' };
  const token = await stack.token(user);
  await stack.send('POST', '/local/faults', {
    body: { service: 'ses', kind: 'unavailable', times: 10_000 },
  });
  const { order, purchase } = await begin(token);
  await pay(order);
  await stack.settle();
  const wallet = { credits_balance: 101, version: 2 };
  expect(await stack.send('GET', '/credits/balance', { token })).toMatchObject({ body: wallet });
  // Twice as often as an event may fail before it is a dead letter.
  for (let tries = 0; tries < 10; tries += 1) {
    await stack.advance('PT6M');
    await stack.settle();
  }
  expect(await mailsAbout(purchase)).toEqual([]);
  await stack.send('DELETE', '/local/faults');
  await stack.advance('PT6M');
  await stack.settle();
  expect(await mailsAbout(purchase)).toEqual(['vikram@example.com: Your receipt for 100 credits']);
  const later = await stack.token(user);
  expect(await stack.send('GET', '/credits/balance', { token: later })).toMatchObject({
    body: wallet,
  });
});
