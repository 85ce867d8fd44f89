import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import { sessionParams, startStripe } from '#tests/infra/local/stripe/stand-in';

describe('Checkout in payment mode', () => {
  test('the SDK creates a session and reads it back with all that was asked for', async () => {
    const { sdk, clock, pagesUrl } = await startStripe();
    const created = await sdk.checkout.sessions.create(
      sessionParams({ customer_email: 'ada@example.com' }),
    );
    expect(created).toMatchObject({
      object: 'checkout.session',
      amount_total: 1999,
      client_reference_id: 'user-1',
      currency: 'usd',
      customer_email: 'ada@example.com',
      livemode: false,
      metadata: { purchase_id: 'pur_1' },
      mode: 'payment',
      payment_intent: null,
      payment_status: 'unpaid',
      status: 'open',
      url: `${pagesUrl}/stripe/checkout/${created.id}`,
    });
    expect(created.id).toMatch(/^cs_test_\w{58}$/);
    expect(created.expires_at - created.created).toBe(24 * 60 * 60);
    expect(Math.abs(created.created - clock.now().getTime() / 1000)).toBeLessThan(60);
    expect(created).not.toHaveProperty('line_items');

    await expect(sdk.checkout.sessions.retrieve(created.id)).resolves.toEqual(created);
  });

  test('a paid session is complete, and its intent and charge carry the money and the metadata', async () => {
    const { sdk, stripe } = await startStripe();
    const { id } = await sdk.checkout.sessions.create(sessionParams());
    const paid = stripe.pay(id, 'success', { email: 'ada@example.com' });
    expect(paid).toMatchObject({
      payment_status: 'paid',
      redirect_url: `https://app.example/thanks?session_id=${id}`,
    });

    const session = await sdk.checkout.sessions.retrieve(id, {
      expand: ['payment_intent.latest_charge', 'line_items'],
    });
    expect(session).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      url: null,
      customer_details: { email: 'ada@example.com' },
      line_items: { data: [{ description: '100 credits', amount_total: 1999, quantity: 1 }] },
      payment_intent: {
        amount_received: 1999,
        metadata: { purchase_id: 'pur_1' },
        status: 'succeeded',
        latest_charge: { paid: true, captured: true, amount_refunded: 0, currency: 'usd' },
      },
    });
    const intent = await sdk.paymentIntents.retrieve(paid.payment_intent ?? '');
    const charge = z.string().startsWith('ch_3').parse(intent.latest_charge);
    await expect(sdk.charges.retrieve(charge)).resolves.toMatchObject({
      payment_intent: intent.id,
      billing_details: { email: 'ada@example.com' },
    });
    const found = await sdk.checkout.sessions.list({ payment_intent: intent.id });
    expect(found.data.map((item) => item.id)).toEqual([id]);
  });

  test('a signed webhook tells of the payment, and the SDK verifies it', async () => {
    const { sdk, stripe, received, settle } = await startStripe();
    const { id } = await sdk.checkout.sessions.create(sessionParams());
    stripe.pay(id, 'success');
    await settle();
    expect(received.map(({ event }) => event.type)).toEqual([
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.succeeded',
      'checkout.session.completed',
      'charge.updated',
    ]);
    const completed = received.find(({ event }) => event.type === 'checkout.session.completed');
    expect(completed?.event).toMatchObject({
      object: 'event',
      api_version: '2026-10-28.endive',
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      data: { object: { id, payment_status: 'paid', metadata: { purchase_id: 'pur_1' } } },
    });
  });
});
