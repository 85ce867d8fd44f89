import Stripe from 'stripe';
import { expect, test } from 'vitest';

import { clientFor, raw, sessionParams, startStripe } from '#tests/infra/local/stripe/stand-in';

const KEY = { idempotencyKey: 'purchase:pur_1:session:v1' };

test('the same key and parameters get the first answer, marked as replayed', async () => {
  const { sdk } = await startStripe();
  const first = await sdk.checkout.sessions.create(sessionParams(), KEY);
  const second = await sdk.checkout.sessions.create(sessionParams(), KEY);
  expect(second).toEqual(first);
  expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
  expect(second.lastResponse.headers).toMatchObject({
    'idempotent-replayed': 'true',
    'original-request': first.lastResponse.requestId,
  });
  expect((await sdk.checkout.sessions.list()).data).toHaveLength(1);
});

test('the same key with other parameters or for another endpoint is an idempotency error', async () => {
  const { sdk } = await startStripe();
  const { id } = await sdk.checkout.sessions.create(sessionParams(), KEY);
  const other = sessionParams({ client_reference_id: 'user-2' });
  await expect(sdk.checkout.sessions.create(other, KEY)).rejects.toBeInstanceOf(
    Stripe.errors.StripeIdempotencyError,
  );
  await expect(sdk.checkout.sessions.expire(id, {}, KEY)).rejects.toBeInstanceOf(
    Stripe.errors.StripeIdempotencyError,
  );
});

test('a refusal that came after the work had begun is replayed, an invalid request is not kept', async () => {
  const { sdk, stripe } = await startStripe();
  await expect(
    sdk.checkout.sessions.create(sessionParams({ success_url: 'nowhere' }), KEY),
  ).rejects.toMatchObject({ code: 'url_invalid' });
  const { id } = await sdk.checkout.sessions.create(sessionParams(), KEY);

  const payment_intent = stripe.pay(id, 'success').payment_intent ?? '';
  const tooMuch = { payment_intent, amount: 5000 };
  const refuse = (): Promise<unknown> =>
    sdk.refunds.create(tooMuch, { idempotencyKey: 'refund-1' });
  await expect(refuse()).rejects.toMatchObject({ statusCode: 400 });
  await expect(refuse()).rejects.toMatchObject({
    statusCode: 400,
    headers: { 'idempotent-replayed': 'true' },
  });
});

test('a key in use is a conflict, and the call in flight is not disturbed', async () => {
  const { sdk, stripe, apiUrl } = await startStripe();
  stripe.faults.add({ kind: 'hang', when: 'before', path: '/v1/checkout' });
  const leaving = new AbortController();
  const headers = {
    authorization: 'Bearer sk_test_local',
    'content-type': 'application/x-www-form-urlencoded',
    'idempotency-key': 'k1',
  };
  const body = 'mode=payment';
  const path = '/v1/checkout/sessions';
  const hanging = fetch(apiUrl + path, { method: 'POST', headers, body, signal: leaving.signal });
  await expect.poll(() => stripe.faults.list()).toEqual([]);
  expect(await raw(apiUrl, { method: 'POST', path, body, headers })).toMatchObject({
    status: 409,
    body: { error: { type: 'idempotency_error', code: 'idempotency_key_in_use' } },
  });
  leaving.abort();
  await expect(hanging).rejects.toThrow();
  // Once the first caller is gone the key is free again.
  const create = (): Promise<unknown> =>
    sdk.checkout.sessions.create(sessionParams(), { idempotencyKey: 'k1' });
  await expect.poll(create).toMatchObject({ object: 'checkout.session' });
});

test('a key outlives a lost answer: the retry gets the session that was made', async () => {
  const { sdk, stripe, apiUrl } = await startStripe();
  stripe.faults.add({ kind: 'reset', path: '/v1/checkout' });
  const retrying = clientFor(apiUrl, { retries: 1 });
  const session = await retrying.checkout.sessions.create(sessionParams(), KEY);
  expect(session.lastResponse.headers['idempotent-replayed']).toBe('true');
  expect((await sdk.checkout.sessions.list()).data.map(({ id }) => id)).toEqual([session.id]);
});

test('a key is forgotten after a day of the clock', async () => {
  const { sdk, clock } = await startStripe();
  const first = await sdk.checkout.sessions.create(sessionParams(), KEY);
  clock.advance(25 * 3_600_000);
  const second = await sdk.checkout.sessions.create(sessionParams(), KEY);
  expect(second.id).not.toBe(first.id);
});
