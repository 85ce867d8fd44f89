import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { decodeForm } from '#infra/local/stripe/form';
import { clientFor, raw, sessionParams, startStripe } from '#tests/infra/local/stripe/stand-in';

const BASE =
  'mode=payment&success_url=https%3A%2F%2Fa.example&line_items[0][quantity]=1&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=500&line_items[0][price_data][product_data][name]=Credits';

function post(apiUrl: string, body: string) {
  return raw(apiUrl, { method: 'POST', path: '/v1/checkout/sessions', body });
}

describe('Who may call', () => {
  test('no key, a wrong key and a live key are refused as by Stripe', async () => {
    const { apiUrl } = await startStripe({ apiKeys: ['sk_test_mine'] });
    for (const key of ['sk_test_other', 'sk_live_mine']) {
      await expect(clientFor(apiUrl, { key }).balance.retrieve()).rejects.toBeInstanceOf(
        Stripe.errors.StripeAuthenticationError,
      );
    }
    const none = await raw(apiUrl, { path: '/v1/balance', headers: { authorization: '' } });
    expect(none).toMatchObject({
      status: 401,
      body: { error: { type: 'invalid_request_error' } },
    });
    const basic = Buffer.from('sk_test_mine:').toString('base64');
    const curl = await raw(apiUrl, {
      path: '/v1/balance',
      headers: { authorization: `Basic ${basic}` },
    });
    expect(curl.status).toBe(200);
  });

  test('an API version with other shapes is refused instead of being answered wrongly', async () => {
    const { apiUrl } = await startStripe();
    const headers = { 'stripe-version': '2022-11-15' };
    expect(await raw(apiUrl, { path: '/v1/balance', headers })).toMatchObject({
      status: 400,
      body: { error: { type: 'invalid_request_error' } },
    });
  });

  test('every answer names its request', async () => {
    const { apiUrl } = await startStripe();
    const { headers } = await raw(apiUrl, { path: '/v1/balance' });
    expect(headers.get('request-id')).toMatch(/^req_\w{14}$/);
    expect(headers.get('stripe-version')).toBe('2026-10-28.endive');
  });
});

describe('Parameters', () => {
  test.each([
    ['an unknown name', '&colour=red', 'parameter_unknown', 'colour'],
    [
      'a name that Stripe has removed',
      '&payment_method_types[0]=card',
      'parameter_unknown',
      'payment_method_types',
    ],
    [
      'an unknown nested name',
      '&line_items[0][price_data][amount]=5',
      'parameter_unknown',
      'line_items[0][price_data][amount]',
    ],
    ['a number that is none', '&expires_at=soon', 'parameter_invalid_integer', 'expires_at'],
    ['an empty value', '&customer_email=', 'parameter_invalid_empty', 'customer_email'],
    ['a malformed e-mail', '&customer_email=nobody', 'email_invalid', 'customer_email'],
    ['a malformed URL', '&cancel_url=shop', 'url_invalid', 'cancel_url'],
    ['an unknown choice', '&submit_type=sell', undefined, 'submit_type'],
    ['a value where a group belongs', '&metadata=x', undefined, 'metadata'],
    [
      'an amount below the minimum',
      '&line_items[0][price_data][unit_amount]=49',
      'amount_too_small',
      undefined,
    ],
    ['two currencies', '&currency=eur', undefined, 'line_items[0][price_data][currency]'],
    [
      'a price that does not exist',
      '&line_items[0][price]=price_1',
      'resource_missing',
      'line_items[0][price]',
    ],
    ['a customer who does not exist', '&customer=cus_1', 'resource_missing', 'customer'],
    ['what is not simulated', '&customer_creation=always', 'not_simulated', 'customer_creation'],
    ['a path that cannot be expanded', '&expand[0]=payment_link', undefined, 'expand'],
  ])('refuses %s and names it', async (_, extra, code, param) => {
    const { apiUrl, stripe } = await startStripe();
    const answer = await post(apiUrl, BASE + extra);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error: {
        type: 'invalid_request_error',
        ...(code === undefined ? {} : { code }),
        ...(param === undefined ? {} : { param }),
      },
    });
    expect(stripe.events()).toEqual([]);
  });

  test.each(['mode', 'success_url', 'line_items'])('refuses a session without %s', async (name) => {
    const { apiUrl } = await startStripe();
    const body = BASE.split('&')
      .filter((pair) => !pair.startsWith(name))
      .join('&');
    expect(await post(apiUrl, body)).toMatchObject({
      status: 400,
      body: { error: { code: 'parameter_missing', param: name } },
    });
  });

  test('expires_at is between 30 minutes and 24 hours away', async () => {
    const { sdk, clock } = await startStripe();
    const now = Math.floor(clock.now().getTime() / 1000);
    const create = (expires_at: number): Promise<unknown> =>
      sdk.checkout.sessions.create(sessionParams({ expires_at }));
    await expect(create(now + 29 * 60)).rejects.toThrow('at least 30 minutes');
    await expect(create(now + 24 * 3600 + 60)).rejects.toThrow('less than 24 hours');
    await expect(create(now + 31 * 60)).resolves.toMatchObject({ expires_at: now + 31 * 60 });
  });

  test('only a form is read, and an unknown id or path is a 404', async () => {
    const { apiUrl, sdk } = await startStripe();
    const json = await raw(apiUrl, {
      method: 'POST',
      path: '/v1/checkout/sessions',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    expect(json.status).toBe(400);
    await expect(sdk.checkout.sessions.retrieve('cs_none')).rejects.toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
    });
    await expect(sdk.coupons.list()).rejects.toMatchObject({ statusCode: 404 });
  });
});

describe('The form encoding', () => {
  test('brackets make groups and lists; names and values are decoded', () => {
    expect(
      JSON.parse(
        JSON.stringify(decodeForm('a[b][0][c]=1+2&a[b][1][c]=%C3%A9&d[]=x&d[]=y&e=%26%3D')),
      ),
    ).toEqual({ a: { b: { 0: { c: '1 2' }, 1: { c: 'é' } } }, d: { 0: 'x', 1: 'y' }, e: '&=' });
  });

  test.each(['a=1&a[b]=2', 'a[b]=1&a=2', '[a]=1', 'a[b=1', `a${'[b]'.repeat(20)}=1`])(
    'refuses %s',
    (form) => {
      expect(() => decodeForm(form)).toThrow(/^(Invalid p|P)arameter/);
    },
  );

  test('a field named like a part of the language is a field and nothing else', () => {
    const fields = decodeForm('__proto__[polluted]=1&constructor[prototype][polluted]=1');
    expect(Object.keys(fields)).toEqual(['__proto__', 'constructor']);
    expect({}).not.toHaveProperty('polluted');
  });
});
