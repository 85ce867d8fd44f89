import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import { sessionParams, startStripe, type Received } from '#tests/infra/local/stripe/stand-in';

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
    expect(typesOf(received)).toEqual([
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

  test('a declined card leaves the session open, and another card pays the same intent', async () => {
    const { sdk, stripe, received, settle } = await startStripe();
    const { id } = await sdk.checkout.sessions.create(sessionParams());
    const declined = stripe.pay(id, 'decline');
    expect(declined).toMatchObject({
      status: 'open',
      payment_status: 'unpaid',
      redirect_url: null,
    });
    const intent = await sdk.paymentIntents.retrieve(declined.payment_intent ?? '');
    expect(intent).toMatchObject({
      status: 'requires_payment_method',
      amount_received: 0,
      last_payment_error: { code: 'card_declined', type: 'card_error' },
    });
    expect(stripe.pay(id, 'success')).toMatchObject({
      payment_status: 'paid',
      payment_intent: intent.id,
    });
    await settle();
    expect(typesOf(received)).toEqual([
      'payment_intent.created',
      'charge.failed',
      'payment_intent.payment_failed',
      'charge.succeeded',
      'payment_intent.succeeded',
      'checkout.session.completed',
      'charge.updated',
    ]);
  });

  test('a slow payment completes the session unpaid and pays it when the bank answers', async () => {
    const { sdk, stripe, clock, received, settle } = await startStripe();
    const { id } = await sdk.checkout.sessions.create(sessionParams());
    stripe.pay(id, 'async_success', { settleAfterMs: 3_600_000 });
    await settle();
    expect(typesOf(received)).toEqual([
      'payment_intent.created',
      'charge.pending',
      'payment_intent.processing',
      'checkout.session.completed',
    ]);
    expect(received.at(-1)?.event.data.object).toMatchObject({
      status: 'complete',
      payment_status: 'unpaid',
    });
    clock.advance(3_600_000);
    await settle();
    expect(typesOf(received).slice(4)).toEqual([
      'charge.succeeded',
      'payment_intent.succeeded',
      'checkout.session.async_payment_succeeded',
      'charge.updated',
    ]);
    await expect(sdk.checkout.sessions.retrieve(id)).resolves.toMatchObject({
      payment_status: 'paid',
    });
  });

  test('a slow payment that fails is told as such and leaves the session unpaid', async () => {
    const { sdk, stripe, received, settle } = await startStripe();
    const { id } = await sdk.checkout.sessions.create(sessionParams());
    expect(stripe.pay(id, 'async_failure')).toMatchObject({ payment_status: 'unpaid' });
    await settle();
    expect(typesOf(received)).toEqual([
      'payment_intent.created',
      'charge.pending',
      'payment_intent.processing',
      'checkout.session.completed',
      'charge.failed',
      'payment_intent.payment_failed',
      'checkout.session.async_payment_failed',
    ]);
    expect(() => stripe.pay(id, 'success')).toThrow('cannot be paid');
  });

  test('cancelling goes back to the shop and changes nothing', async () => {
    const { sdk, stripe } = await startStripe();
    const { id } = await sdk.checkout.sessions.create(sessionParams());
    expect(stripe.pay(id, 'cancel')).toMatchObject({
      status: 'open',
      redirect_url: 'https://app.example/shop',
    });
    expect(stripe.events()).toEqual([]);
  });

  test('a paid session cannot be paid again', async () => {
    const { sdk, stripe } = await startStripe();
    const { id } = await sdk.checkout.sessions.create(sessionParams());
    stripe.pay(id, 'success');
    const count = stripe.events().length;
    expect(() => stripe.pay(id, 'success')).toThrow('cannot be paid');
    expect(stripe.events()).toHaveLength(count);
  });

  test('a session for nothing completes without a payment', async () => {
    const { sdk, stripe } = await startStripe();
    const free = sessionParams({
      line_items: [
        {
          quantity: 1,
          price_data: { currency: 'usd', unit_amount: 0, product_data: { name: 'Gift' } },
        },
      ],
    });
    const { id } = await sdk.checkout.sessions.create(free);
    expect(stripe.pay(id, 'success')).toMatchObject({
      payment_status: 'no_payment_required',
      payment_intent: null,
    });
  });
});

describe('The end of a session', () => {
  test('the clock ends an open session at expires_at, not before, and takes its intent with it', async () => {
    const { sdk, stripe, clock, received, settle } = await startStripe({
      events: ['checkout.session.expired', 'payment_intent.canceled'],
    });
    const expiresAt = Math.floor(clock.now().getTime() / 1000) + 3600;
    const { id } = await sdk.checkout.sessions.create(sessionParams({ expires_at: expiresAt }));
    stripe.pay(id, 'decline');
    clock.set(new Date((expiresAt - 60) * 1000));
    await settle();
    expect(received).toEqual([]);

    clock.set(new Date(expiresAt * 1000));
    await settle();
    expect(typesOf(received)).toEqual(['payment_intent.canceled', 'checkout.session.expired']);
    await expect(sdk.checkout.sessions.retrieve(id)).resolves.toMatchObject({
      status: 'expired',
      url: null,
    });
    expect(() => stripe.pay(id, 'success')).toThrow('it is expired');
  });

  test('a session that is past its time cannot be paid even before anyone ticked', async () => {
    const { sdk, stripe, clock } = await startStripe();
    const { id } = await sdk.checkout.sessions.create(sessionParams());
    clock.advance(24 * 3_600_000 + 1000);
    expect(() => stripe.pay(id, 'success')).toThrow('it is expired');
  });

  test('the API ends an open session once, with the request in the event', async () => {
    const { sdk, received, settle } = await startStripe();
    const { id } = await sdk.checkout.sessions.create(sessionParams());
    const expired = await sdk.checkout.sessions.expire(id, {}, { idempotencyKey: 'end-1' });
    expect(expired.status).toBe('expired');
    await settle();
    expect(received[0]?.event).toMatchObject({
      type: 'checkout.session.expired',
      request: { id: expired.lastResponse.requestId, idempotency_key: 'end-1' },
    });
    await expect(sdk.checkout.sessions.expire(id)).rejects.toThrow(
      'Only Checkout Sessions with a status in ["open"] can be expired',
    );
  });
});

describe('Lists', () => {
  test('auto-pagination brings every session once, newest first', async () => {
    const { sdk } = await startStripe();
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      const { id } = await sdk.checkout.sessions.create(sessionParams());
      ids.push(id);
    }
    const all = await sdk.checkout.sessions.list({ limit: 3 }).autoPagingToArray({ limit: 100 });
    expect(all.map(({ id }) => id)).toEqual(ids.toReversed());
    const before = await sdk.checkout.sessions.list({ limit: 2, ending_before: ids[0] ?? '' });
    expect(before.data.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    expect(before.has_more).toBe(true);
  });

  test('events can be asked for by type and by delivery', async () => {
    const { sdk, stripe, settle } = await startStripe();
    const { id } = await sdk.checkout.sessions.create(sessionParams());
    stripe.switches.set({ hold: true });
    stripe.pay(id, 'success');
    const waiting = await sdk.events.list({ delivery_success: false });
    expect(waiting.data).toHaveLength(5);
    stripe.switches.set({ hold: false });
    await settle();
    expect((await sdk.events.list({ delivery_success: false })).data).toEqual([]);
    const sessions = await sdk.events.list({ types: ['checkout.session.completed'] });
    expect(sessions.data).toHaveLength(1);
    const [event] = sessions.data;
    await expect(sdk.events.retrieve(event?.id ?? '')).resolves.toEqual(event);
    expect((await sdk.events.list({ type: 'charge.*' })).data).toHaveLength(2);
  });

  test('the balance says what was taken and not given back', async () => {
    const { sdk, stripe } = await startStripe();
    const { id } = await sdk.checkout.sessions.create(sessionParams());
    stripe.pay(id, 'success');
    await expect(sdk.balance.retrieve()).resolves.toMatchObject({
      object: 'balance',
      available: [{ amount: 1999, currency: 'usd' }],
    });
  });
});

function typesOf(received: readonly Received[]): string[] {
  return received.map(({ event }) => event.type);
}
