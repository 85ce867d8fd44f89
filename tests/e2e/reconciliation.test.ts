import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestStack, type TestStack } from '#tests/support/stack';

let stack: TestStack;
beforeAll(async () => {
  stack = await openTestStack();
}, 60_000);
afterAll(async () => {
  await stack.close();
});

it('a payment whose webhook never came is credited by the schedule, and finance sees what was found', async () => {
  await stack.send('POST', '/local/razorpay/deliveries', { body: { hold: true } });
  const token = await stack.token({ sub: 'nina', email: 'nina@example.com' });
  const balanceOf = async () =>
    (await stack.send('GET', '/credits/balance', { token })).body['credits_balance'];
  const before = Number(await balanceOf());
  const begun = await stack.send('POST', '/credits/initiate-purchase', {
    token,
    body: { package_id: 'starter' },
  });
  await stack.send('POST', `/local/razorpay/orders/${String(begun.body['order_id'])}/pay`, {
    body: { outcome: 'success' },
  });
  await stack.advance('PT30M');
  expect(await balanceOf()).toBe(before);

  const run = await stack.send('POST', '/local/schedules/reconcile/run');
  expect(run).toMatchObject({ status: 200, body: { ok: true } });
  expect(await balanceOf()).toBe(before + 100);

  const claims = { sub: 'fay', groups: ['finance'], client: 'admin' };
  const finance = await stack.token(claims);
  const seen = await stack.send('GET', '/admin/credits/reconciliation?provider=razorpay', {
    token: finance,
  });
  const purchase_id = begun.body['purchase_id'];
  expect(seen.body['reconciliations']).toMatchObject([
    { provider: 'razorpay', restored: 1, findings: [{ kind: 'restored', purchase_id }] },
  ]);
});
