import { describe, expect, test } from 'vitest';

import {
  clientFor,
  newOrder,
  paidOrder,
  raw,
  startRazorpay,
} from '#tests/infra/local/razorpay/stand-in';

const ORDER = { amount: 50_000, currency: 'INR' };

describe('Who may call', () => {
  test('no key and a wrong secret are refused as by Razorpay', async () => {
    const { apiUrl } = await startRazorpay();
    const stranger = clientFor(apiUrl, { keySecret: 'other' });
    await expect(stranger.orders.all()).rejects.toMatchObject({
      statusCode: 401,
      error: { code: 'BAD_REQUEST_ERROR', description: 'Authentication failed' },
    });
    const none = await raw(apiUrl, { path: '/v1/orders', headers: { authorization: '' } });
    expect(none).toMatchObject({ status: 401, body: { error: { code: 'BAD_REQUEST_ERROR' } } });
  });
});

describe('Parameters', () => {
  test.each([
    ['an amount below the minimum', { amount: 99 }, 'amount_less_than_minimum_amount', 'amount'],
    ['an amount with a fraction', { amount: 100.5 }, 'input_validation_failed', 'amount'],
    ['an amount as text', { amount: '100' }, 'input_validation_failed', 'amount'],
    ['an amount below zero', { amount: -100 }, 'input_validation_failed', 'amount'],
    ['a missing amount', { amount: undefined }, 'input_validation_failed', 'amount'],
    ['a currency that is none', { currency: 'rupee' }, 'input_validation_failed', 'currency'],
    [
      'a receipt that is too long',
      { receipt: 'r'.repeat(41) },
      'input_validation_failed',
      'receipt',
    ],
    [
      'too many notes',
      { notes: Object.fromEntries(Array.from({ length: 16 }, (_, note) => [`n${note}`, 'x'])) },
      'input_validation_failed',
      'notes',
    ],
    ['a name that Razorpay does not know', { colour: 'red' }, 'extra_field_sent', undefined],
    ['what is not simulated', { transfers: [] }, 'not_simulated', 'transfers'],
    ['partial payments', { partial_payment: true }, 'input_validation_failed', 'partial_payment'],
    [
      'a unique receipt without one',
      { unique_receipt: true },
      'input_validation_failed',
      'receipt',
    ],
  ])('an order refuses %s and names it', async (_, change, reason, field) => {
    const { apiUrl, sdk } = await startRazorpay();
    const answer = await raw(apiUrl, {
      method: 'POST',
      path: '/v1/orders',
      body: JSON.stringify({ ...ORDER, ...change }),
    });
    expect(answer).toMatchObject({
      status: 400,
      body: {
        error: {
          code: 'BAD_REQUEST_ERROR',
          reason,
          metadata: {},
          ...(field !== undefined && { field }),
        },
      },
    });
    expect((await sdk.orders.all()).items).toEqual([]);
  });

  test('a missing amount is called missing', async () => {
    const { apiUrl } = await startRazorpay();
    const answer = await raw(apiUrl, {
      method: 'POST',
      path: '/v1/orders',
      body: '{"currency":"INR"}',
    });
    expect(answer.body).toMatchObject({ error: { description: 'amount: is required.' } });
  });

  test('empty notes come back as a list, as they may be sent', async () => {
    const { apiUrl } = await startRazorpay();
    for (const notes of [{}, []]) {
      const answer = await raw(apiUrl, {
        method: 'POST',
        path: '/v1/orders',
        body: JSON.stringify({ ...ORDER, notes }),
      });
      expect(answer).toMatchObject({ status: 200, body: { notes: [], receipt: null } });
    }
  });

  test('unknown ids and paths are 400, as are bodies that are no JSON', async () => {
    const { apiUrl, sdk } = await startRazorpay();
    const unknown = { statusCode: 400, error: { description: 'The id provided does not exist' } };
    await expect(sdk.orders.fetch('order_none')).rejects.toMatchObject(unknown);
    await expect(sdk.orders.fetchPayments('order_none')).rejects.toMatchObject(unknown);
    await expect(sdk.payments.fetch('pay_none')).rejects.toMatchObject(unknown);
    await expect(sdk.refunds.fetch('rfnd_none')).rejects.toMatchObject(unknown);
    await expect(sdk.disputes.fetch('disp_none')).rejects.toMatchObject(unknown);
    await expect(sdk.plans.all()).rejects.toMatchObject({
      statusCode: 400,
      error: { description: 'The requested URL was not found on the server.' },
    });
    for (const body of ['{', '[]', 'null', '"x"']) {
      const answer = await raw(apiUrl, { method: 'POST', path: '/v1/orders', body });
      expect(answer.status, body).toBe(400);
    }
  });

  test('a page is at most 100 long, and a malformed period is refused', async () => {
    const { apiUrl, sdk } = await startRazorpay();
    await newOrder(sdk);
    for (const query of ['count=101', 'count=0', 'from=yesterday', 'skip=-1', 'colour=red']) {
      expect((await raw(apiUrl, { path: `/v1/payments?${query}` })).status, query).toBe(400);
    }
  });

  test('a card is shown when it is asked for', async () => {
    const running = await startRazorpay();
    const { paymentId } = await paidOrder(running);
    const path = `/v1/payments/${paymentId}`;
    expect((await raw(running.apiUrl, { path })).body).not.toHaveProperty('card');
    for (const query of ['expand[]=card', 'expand%5B0%5D=card', 'expand[expand]=card']) {
      const { body } = await raw(running.apiUrl, { path: `${path}?${query}` });
      expect(body, query).toMatchObject({ card: { entity: 'card', last4: '1111' } });
    }
  });

  test('orders can be asked for by whether their payment waits for capture', async () => {
    const { sdk, razorpay, apiUrl } = await startRazorpay();
    const waiting = await newOrder(sdk, { payment_capture: 0 });
    const paid = await newOrder(sdk);
    razorpay.pay(waiting, 'success');
    razorpay.pay(paid, 'success');
    for (const [authorized, id] of [
      ['1', waiting],
      ['0', paid],
    ]) {
      const { body } = await raw(apiUrl, { path: `/v1/orders?authorized=${authorized}` });
      expect(body).toMatchObject({ count: 1, items: [{ id }] });
    }
  });
});
