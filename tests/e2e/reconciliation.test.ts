import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { openTestStack, type TestStack } from '#tests/support/stack';
import { userDump } from '#tests/support/user-dump';

let stack: TestStack;
beforeAll(async () => {
  stack = await openTestStack();
}, 60_000);
afterAll(async () => {
  await stack.close();
});

const providers = ['stripe', 'razorpay'] as const;

/** Keeps every webhook from us, or lets all that were kept arrive. */
async function hold(isHeld: boolean) {
  for (const provider of providers) {
    await stack.send('POST', `/local/${provider}/deliveries`, { body: { hold: isHeld } });
  }
}

async function buyAtStripe(token: string) {
  const urls = { success_url: 'http://localhost:3000/a', cancel_url: 'http://localhost:3000/b' };
  const body = { package_id: 'starter', ...urls };
  const begun = await stack.send('POST', '/credits/checkout', { token, body });
  const session = z.string().parse(begun.body['session_id']);
  const paid = await stack.send('POST', `/local/stripe/sessions/${session}/pay`, {
    body: { outcome: 'success' },
  });
  return z.string().parse(paid.body['payment_intent']);
}

async function buyAtRazorpay(token: string) {
  const body = { package_id: 'starter' };
  const begun = await stack.send('POST', '/credits/initiate-purchase', { token, body });
  const order = z.string().parse(begun.body['order_id']);
  await stack.send('POST', `/local/razorpay/orders/${order}/pay`, { body: { outcome: 'success' } });
}

const reports = z.object({
  reconciliations: z.array(
    z.object({ provider: z.string(), restored: z.int(), problems: z.array(z.string()) }),
  ),
});

/** The newest report of each provider. */
async function latest() {
  const token = await stack.token({ sub: 'fay', groups: ['finance'], client: 'admin' });
  return Promise.all(
    providers.map(async (provider) => {
      const path = `/admin/credits/reconciliation?provider=${provider}`;
      const { body } = await stack.send('GET', path, { token });
      return reports.parse(body).reconciliations[0];
    }),
  );
}

/** The user's entries and wallets; what late events add to a purchase's facts moves none of them. */
async function creditsOf(user: string) {
  const dump = await userDump(stack, user);
  return dump.split('\n').filter((item) => /"sk":{"S":"(ENTRY|WALLET)#/.test(item));
}

it('purchases and a refund of which no webhook came are restored once finance asks; a second run finds nothing, nor do the webhooks a day later', async () => {
  await hold(true);
  const token = await stack.token({ sub: 'nina' });
  const payment = await buyAtStripe(token);
  await buyAtRazorpay(token);
  await stack.send('POST', `/local/stripe/charges/${payment}/refund`, { body: { amount: 500 } });
  await stack.advance('PT30M');
  const before = await stack.send('GET', '/credits/balance', { token });
  expect(before.body['credits_balance']).toBe(0);

  const finance = await stack.token({ sub: 'fay', groups: ['finance'], client: 'admin' });
  const path = '/admin/credits/reconciliation';
  const asked = await stack.send('POST', path, { token: finance });
  expect(asked).toMatchObject({ status: 202, body: { state: 'queued' } });
  await stack.settle();
  const job = await stack.send('GET', asked.headers.get('location') ?? '', { token: finance });
  expect(job.body).toMatchObject({ state: 'done', progress: { total: 2, done: 2, refused: 0 } });
  const after = await stack.send('GET', '/credits/balance', { token });
  expect(after.body['credits_balance']).toBe(150);
  expect(await latest()).toEqual([
    { provider: 'stripe', restored: 2, problems: [] },
    { provider: 'razorpay', restored: 1, problems: [] },
  ]);

  const credits = await creditsOf('nina');
  const run = await stack.send('POST', '/local/schedules/reconcile/run');
  expect(run).toMatchObject({ status: 200, body: { ok: true } });
  expect((await latest()).map((report) => report?.restored)).toEqual([0, 0]);
  await stack.advance('P1D');
  await hold(false);
  await stack.settle();
  expect(await creditsOf('nina')).toEqual(credits);
});
