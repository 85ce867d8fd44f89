import Stripe from 'stripe';
import { expect, test } from 'vitest';

import { clientFor, sessionParams, startStripe } from '#tests/infra/local/stripe/stand-in';

test.each([
  ['429', Stripe.errors.StripeRateLimitError],
  ['500', Stripe.errors.StripeAPIError],
  ['502_html', Stripe.errors.StripeAPIError],
] as const)('a call that meets a %s fails as such and has done nothing', async (kind, error) => {
  const { sdk, stripe } = await startStripe();
  stripe.faults.add({ kind });
  await expect(sdk.checkout.sessions.create(sessionParams())).rejects.toBeInstanceOf(error);
  expect((await sdk.checkout.sessions.list()).data).toEqual([]);
});

test('an answer without an error key passes the SDK as if it were a success', async () => {
  const { sdk, stripe } = await startStripe();
  stripe.faults.add({ kind: 'no_error_key' });
  const answer: unknown = await sdk.checkout.sessions.create(sessionParams());
  expect(answer).toEqual({ message: 'Internal server error' });
});

test.each(['timeout', 'hang', 'reset'] as const)(
  'a %s loses the answer of a call that was carried out',
  async (kind) => {
    const { sdk, stripe, apiUrl } = await startStripe();
    stripe.faults.add({ kind, path: '/v1/checkout', method: 'POST', count: 2 });
    const impatient = clientFor(apiUrl, { timeout: 300 });
    await expect(impatient.checkout.sessions.create(sessionParams())).rejects.toBeInstanceOf(
      Stripe.errors.StripeConnectionError,
    );
    stripe.faults.clear();
    expect((await sdk.checkout.sessions.list()).data).toHaveLength(1);
  },
);

test('a fault hits as many calls as it was given for, and only the paths it names', async () => {
  const { sdk, stripe } = await startStripe();
  stripe.faults.add({ kind: '500', count: 2, path: '/v1/balance' });
  await expect(sdk.events.list()).resolves.toMatchObject({ data: [] });
  await expect(sdk.balance.retrieve()).rejects.toThrow();
  await expect(sdk.balance.retrieve()).rejects.toThrow();
  await expect(sdk.balance.retrieve()).resolves.toMatchObject({ object: 'balance' });
  expect(stripe.faults.list()).toEqual([]);
});

test('the SDK retries over a 500 and gets one session', async () => {
  const { stripe, apiUrl } = await startStripe();
  stripe.faults.add({ kind: '500' });
  const retrying = clientFor(apiUrl, { retries: 2 });
  await retrying.checkout.sessions.create(sessionParams());
  expect((await retrying.checkout.sessions.list()).data).toHaveLength(1);
});
