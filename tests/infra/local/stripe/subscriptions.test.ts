import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { type Running, startStripe } from '#tests/infra/local/stripe/stand-in';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

describe('Checkout in subscription mode', () => {
  test('a page sells a month of a price, and its events come in the pinned version', async () => {
    const { sdk, received, settle, subscription } = await subscribe();
    const [item] = subscription.items.data;
    expect(subscription).toMatchObject({
      status: 'active',
      metadata: { user_id: 'user-1' },
      cancel_at_period_end: false,
    });
    expect(subscription).not.toHaveProperty('current_period_end');
    expect(item).toMatchObject({
      price: { id: 'price_pro_usd', recurring: { interval: 'month' } },
      current_period_start: subscription.billing_cycle_anchor,
    });
    await settle();
    expect(received.map(({ event }) => event.type).filter((type) => OURS.test(type))).toEqual([
      'customer.subscription.created',
      'invoice.created',
      'invoice.finalized',
      'invoice.paid',
      'invoice.payment_succeeded',
      'customer.subscription.updated',
      'checkout.session.completed',
    ]);
    const paid = received.find(({ event }) => event.type === 'invoice.paid')?.event.data.object;
    expect(paid).toMatchObject({
      amount_paid: 2900,
      billing_reason: 'subscription_create',
      parent: {
        type: 'subscription_details',
        subscription_details: { subscription: subscription.id, metadata: { user_id: 'user-1' } },
      },
    });
    const { data } = await sdk.invoices.list({ subscription: subscription.id });
    expect(data[0]?.lines.data[0]).toMatchObject({
      amount: 2900,
      period: { start: item?.current_period_start, end: item?.current_period_end },
      pricing: { price_details: { price: 'price_pro_usd' } },
    });
  });

  test('a declined card leaves the page open, and nothing is subscribed to', async () => {
    const { sdk, stripe } = await startStripe();
    const session = await sdk.checkout.sessions.create(PRO);
    expect(stripe.pay(session.id, 'decline')).toMatchObject({ status: 'open' });
    await expect(sdk.subscriptions.list({ status: 'all' })).resolves.toMatchObject({ data: [] });
  });
});

describe('Renewals', () => {
  test('the clock brings each at its own time: a 31st clamps and comes back', async () => {
    const { sdk, clock, settle, subscription, received } = await subscribe('2027-01-31T12:00:00Z');
    clock.set(new Date('2027-05-01T00:00:00Z'));
    await settle();
    const { data } = await sdk.invoices.list({ subscription: subscription.id });
    expect(data.map(startOf).toReversed()).toEqual([
      '2027-01-31T12:00',
      '2027-02-28T12:00',
      '2027-03-31T12:00',
      '2027-04-30T12:00',
    ]);
    const paidAt = received
      .filter(({ event }) => event.type === 'invoice.paid')
      .map(({ event }) => new Date(event.created * 1000).toISOString().slice(0, 16));
    // An hour as a draft each.
    expect(paidAt.slice(1)).toEqual(['2027-02-28T13:00', '2027-03-31T13:00', '2027-04-30T13:00']);
  });

  test('a card that declines makes it past due, and ends it after the last attempt', async () => {
    const { sdk, stripe, clock, settle, subscription, received } = await subscribe();
    stripe.setCard(subscription.id, 'declines');
    clock.advance(31 * DAY_MS + HOUR_MS);
    await settle();
    await expect(sdk.subscriptions.retrieve(subscription.id)).resolves.toMatchObject({
      status: 'past_due',
    });
    clock.advance(15 * DAY_MS);
    await settle();
    await expect(sdk.subscriptions.retrieve(subscription.id)).resolves.toMatchObject({
      status: 'canceled',
      cancellation_details: { reason: 'payment_failed' },
    });
    const failures = received.filter(({ event }) => event.type === 'invoice.payment_failed');
    expect(failures).toHaveLength(4);
    await expect(
      sdk.subscriptions.update(subscription.id, { cancel_at_period_end: true }),
    ).rejects.toMatchObject({ code: 'invalid_canceled_subscription_fields' });
  });

  test('whoever pays what is open is active again', async () => {
    const { sdk, stripe, clock, settle, subscription } = await subscribe();
    stripe.setCard(subscription.id, 'declines');
    clock.advance(31 * DAY_MS + HOUR_MS);
    await settle();
    expect(stripe.payInvoice(subscription.id)).toMatchObject({ status: 'paid', amount_paid: 2900 });
    await expect(sdk.subscriptions.retrieve(subscription.id)).resolves.toMatchObject({
      status: 'active',
    });
  });
});

describe('Changes', () => {
  test('a dearer price is paid for the rest of the period at once, and its start stays', async () => {
    const { sdk, clock, subscription } = await subscribe('2027-06-01T00:00:00Z');
    clock.advance(15 * DAY_MS);
    const changed = await upgrade({ sdk, subscription });
    expect(changed.items.data[0]).toMatchObject({
      price: { id: 'price_premium_usd' },
      current_period_start: subscription.items.data[0]?.current_period_start,
    });
    const { data } = await sdk.invoices.list({ subscription: subscription.id, limit: 1 });
    const lines = data[0]?.lines.data;
    expect(data[0]).toMatchObject({ billing_reason: 'subscription_update', amount_paid: 3500 });
    expect(lines?.map((line) => line.amount)).toEqual([-1450, 4950]);
    expect(lines?.[1]?.parent?.subscription_item_details?.proration).toBe(true);
  });

  test('a dearer price that is not paid for changes nothing', async () => {
    const { sdk, stripe, clock, subscription } = await subscribe();
    stripe.setCard(subscription.id, 'declines');
    clock.advance(15 * DAY_MS);
    await expect(upgrade({ sdk, subscription })).rejects.toMatchObject({ statusCode: 402 });
    const after = await sdk.subscriptions.retrieve(subscription.id);
    expect(after.items.data[0]?.price.id).toBe('price_pro_usd');
    const { data } = await sdk.invoices.list({ subscription: subscription.id });
    expect(data).toHaveLength(1);
  });

  test('it ends with its period when asked to, unless that is taken back', async () => {
    const { sdk, clock, settle, subscription, received } = await subscribe();
    const end = (cancels: boolean) =>
      sdk.subscriptions.update(subscription.id, { cancel_at_period_end: cancels });
    await end(true);
    await end(false);
    clock.advance(32 * DAY_MS);
    await settle();
    await expect(end(true)).resolves.toMatchObject({ status: 'active' });
    clock.advance(32 * DAY_MS);
    await settle();
    await expect(sdk.subscriptions.retrieve(subscription.id)).resolves.toMatchObject({
      status: 'canceled',
    });
    const types = received.map(({ event }) => event.type);
    expect(types.filter((type) => type === 'customer.subscription.deleted')).toHaveLength(1);
    expect(types.filter((type) => type === 'invoice.paid')).toHaveLength(2);
  });

  test('it ends now when asked to, with the reason that was given, and once', async () => {
    const { sdk, subscription } = await subscribe();
    const cancel = () =>
      sdk.subscriptions.cancel(subscription.id, { cancellation_details: { comment: 'too dear' } });
    await expect(cancel()).resolves.toMatchObject({
      status: 'canceled',
      cancellation_details: { comment: 'too dear', reason: 'cancellation_requested' },
    });
    await expect(cancel()).rejects.toMatchObject({ statusCode: 404 });
  });
});

const OURS = /^(invoice|customer\.subscription|checkout)\./;
const PRO: Stripe.Checkout.SessionCreateParams = {
  mode: 'subscription',
  line_items: [{ price: 'price_pro_usd', quantity: 1 }],
  success_url: 'https://app.example/thanks?session_id={CHECKOUT_SESSION_ID}',
  client_reference_id: 'user-1',
  subscription_data: { metadata: { user_id: 'user-1' } },
};

async function subscribe(at?: string) {
  const running = await startStripe();
  const { clock, sdk, stripe } = running;
  if (at !== undefined) clock.set(new Date(at));
  const opened = await sdk.checkout.sessions.create(PRO);
  expect(stripe.pay(opened.id, 'success')).toMatchObject({
    status: 'complete',
    payment_status: 'paid',
    payment_intent: null,
  });
  const session = await sdk.checkout.sessions.retrieve(opened.id, { expand: ['subscription'] });
  const { subscription } = session;
  if (subscription === null || typeof subscription === 'string') throw new Error('no subscription');
  return { ...running, subscription };
}

function upgrade(of: Pick<Running, 'sdk'> & { readonly subscription: Stripe.Subscription }) {
  const item = of.subscription.items.data[0]?.id ?? '';
  return of.sdk.subscriptions.update(of.subscription.id, {
    items: [{ id: item, price: 'price_premium_usd' }],
    proration_behavior: 'always_invoice',
    payment_behavior: 'error_if_incomplete',
  });
}

function startOf(invoice: Stripe.Invoice): string {
  const start = invoice.lines.data[0]?.period.start ?? 0;
  return new Date(start * 1000).toISOString().slice(0, 16);
}
