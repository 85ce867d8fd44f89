import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { openTestStack, type TestStack } from '#tests/support/stack';

let stack: TestStack;
beforeAll(async () => {
  stack = await openTestStack();
});
afterAll(() => stack.close());

const queues = z.object({
  queues: z.array(
    z.object({ name: z.string(), visible: z.number(), is_dead_letter_queue: z.boolean() }),
  ),
});
// Five deliveries, each out of sight for six times the function's timeout of 30 s.
const DELIVERIES_MAX = 8;

async function deadLetters() {
  const { body } = await stack.send('GET', '/local/queues');
  const found = queues.parse(body).queues.find(({ name }) => /fulfillment-dead/.test(name));
  return { name: found?.name ?? '', visible: found?.visible ?? 0 };
}

test('a payment whose table was down for every delivery is credited once by a redrive three days later', async () => {
  const token = await stack.token({ sub: 'patient' });
  const urls = {
    success_url: 'http://localhost:3000/success',
    cancel_url: 'http://localhost:3000/cancel',
  };
  const checkout = await stack.send('POST', '/credits/checkout', {
    token,
    body: { package_id: 'starter', ...urls },
  });
  const session = String(checkout.body['session_id']);

  const fault = { service: 'dynamodb', kind: 'error_before', operation: 'TransactWriteItems' };
  await stack.send('POST', '/local/faults', { body: { ...fault, times: 100_000 } });
  await stack.send('POST', `/local/stripe/sessions/${session}/pay`, {
    body: { outcome: 'success' },
  });
  for (let delivery = 0; delivery < DELIVERIES_MAX; delivery += 1) {
    await stack.settle();
    if ((await deadLetters()).visible > 0) break;
    await stack.advance('PT4M');
  }
  expect((await deadLetters()).visible).toBeGreaterThan(0);

  await stack.send('DELETE', '/local/faults');
  await stack.advance('P3D');
  for (let redrive = 0; redrive < 2; redrive += 1) {
    const { name } = await deadLetters();
    expect(await stack.send('POST', `/local/queues/${name}/redrive`)).toMatchObject({
      status: 200,
    });
    await stack.settle();
  }
  const fresh = await stack.token({ sub: 'patient' });
  const balance = await stack.send('GET', '/credits/balance', { token: fresh });
  expect(balance.body).toMatchObject({ credits_balance: 100, version: 1 });
  expect((await deadLetters()).visible).toBe(0);
});
