import type { CardBehaviour } from '#infra/local/stripe/customer-records';
import { vi } from 'vitest';
import { invariant } from '#lib/invariant';
import { marksOf } from '#tests/faults/end-state';
import { ADMIN, BACKEND, messages, request, user } from '#tests/faults/steps';
import { ask, deploy, perform, RETURN_URLS, type Scenario } from '#tests/faults/scenario';
import type { World } from '#tests/faults/world';

const ann = user('ann');
const finance = {
  client: 'admin',
  sub: 'finance-1',
  groups: ['finance'],
} as const;
export const CHECKOUT_REQUEST = {
  as: ann,
  body: { package_id: 'starter', ...RETURN_URLS },
} as const;
const ORDER = { package_id: 'starter' };

/** What the providers have told since, as their receivers queue it. */
export function news(
  world: World,
  since: { readonly stripe: number; readonly razorpay: number },
): readonly string[] {
  const received_at = new Date().toISOString();
  const stripe = world.stripe
    .events()
    .slice(since.stripe)
    .map((event) => ({
      provider: 'stripe',
      received_at,
      body: JSON.stringify(event),
    }));
  const razorpay = world.razorpay
    .events()
    .slice(since.razorpay)
    .map(({ body, id }) => ({
      provider: 'razorpay',
      received_at,
      event_id: id,
      body: JSON.stringify(body),
    }));
  return [...stripe, ...razorpay].map((delivery) => JSON.stringify(delivery));
}

/** The payment of a session. */
export function intentOf(world: World, session: string): string {
  const told = world.stripe.events().map((each) => JSON.stringify(each));
  const about = told.find((text) => text.includes(session) && text.includes('"pi_'));
  return /"(pi_\w+)"/.exec(about ?? '')?.[1] ?? '';
}

export async function checkout(world: World) {
  await deploy(world);
  return ask(world, 'createCheckout', CHECKOUT_REQUEST);
}

/** A purchase that was paid at Stripe and credited. */
export async function bought(world: World) {
  const since = marksOf(world);
  const begun = await checkout(world);
  const session = begun.text('session_id');
  world.stripe.pay(session, 'success');
  await perform(world, messages('fulfillment', news(world, since)));
  return { session, purchase: begun.text('purchase_id') };
}

export async function ordered(world: World) {
  await deploy(world);
  const begun = await ask(world, 'initiatePurchase', { as: ann, body: ORDER });
  return { purchase: begun.text('purchase_id'), order: begun.text('order_id') };
}

/** Buying, paying back, and topping up. */
export const moneyScenarios: readonly Scenario[] = [
  {
    name: 'a checkout at Stripe',
    of: 'route',
    covers: ['route createCheckout'],
    arrange: async (world) => {
      await deploy(world);
      return request(world, 'createCheckout', CHECKOUT_REQUEST);
    },
  },
  {
    name: 'a checkout in a function that has just started',
    of: 'route',
    isCold: true,
    covers: ['route createCheckout'],
    arrange: async (world) => {
      await deploy(world);
      return request(world, 'createCheckout', CHECKOUT_REQUEST);
    },
  },
  {
    name: 'an order at Razorpay',
    of: 'route',
    covers: ['route initiatePurchase'],
    arrange: async (world) => {
      await deploy(world);
      return request(world, 'initiatePurchase', { as: ann, body: ORDER });
    },
  },
  {
    name: 'a payment at Razorpay handed over',
    of: 'route',
    covers: ['route verifyPayment'],
    arrange: async (world) => {
      const { order } = await ordered(world);
      const paid = world.razorpay.pay(order, 'success');
      const { razorpay_order_id, razorpay_payment_id, razorpay_signature } = paid;
      const body = {
        razorpay_order_id,
        razorpay_payment_id,
        razorpay_signature,
      };
      return request(world, 'verifyPayment', { as: ann, body });
    },
  },
  {
    name: 'a session fulfilled by hand',
    of: 'route',
    // Each attempt is on record, also the one that found everything done.
    mayDiffer: /"AUDIT#/,
    covers: ['route fulfillPurchase'],
    arrange: async (world) => {
      const session_id = (await checkout(world)).text('session_id');
      world.stripe.pay(session_id, 'success');
      return request(world, 'fulfillPurchase', {
        as: finance,
        body: { session_id },
      });
    },
  },
  {
    name: 'a part of a purchase paid back at Stripe',
    of: 'route',
    covers: ['route refundPurchase'],
    arrange: async (world) => {
      const { purchase: id } = await bought(world);
      const body = { reason: 'Asked for it', amount: 300 };
      return request(world, 'refundPurchase', {
        as: finance,
        params: { id },
        body,
      });
    },
  },
  {
    name: 'a purchase paid back at Razorpay',
    of: 'route',
    covers: ['route refundPurchase'],
    arrange: async (world) => {
      const { order, purchase: id } = await ordered(world);
      const paid = world.razorpay.pay(order, 'success');
      const { razorpay_order_id, razorpay_payment_id, razorpay_signature } = paid;
      const body = {
        razorpay_order_id,
        razorpay_payment_id,
        razorpay_signature,
      };
      await ask(world, 'verifyPayment', { as: ann, body });
      return request(world, 'refundPurchase', {
        as: finance,
        params: { id },
        body: { reason: 'Asked for it' },
      });
    },
  },
  {
    name: 'a quarantined event applied again',
    of: 'route',
    // Applied and cut off, it is applied again by the same key, finds all done, and says and records just that.
    mayAnswer: /"outcome":"unchanged"/,
    mayDiffer: /"(AUDIT|EVENT)#/,
    covers: ['route replayEvent'],
    arrange: async (world) => {
      const id = await quarantined(world);
      return request(world, 'replayEvent', { as: ADMIN, params: { id } });
    },
  },
  ...(['putAutoTopup', 'putUserAutoTopup'] as const).map((route): Scenario => ({
    name: `top-ups switched on, ${route}`,
    of: 'route',
    covers: [`route ${route}`],
    arrange: async (world) => {
      await withCard(world);
      const isOwn = route === 'putAutoTopup';
      return request(world, route, {
        as: isOwn ? ann : BACKEND,
        ...(!isOwn && { params: { userId: 'ann' } }),
        body: TERMS,
      });
    },
  })),
  {
    name: 'top-ups resumed after a card was declined',
    of: 'route',
    covers: ['route resumeAutoTopup'],
    arrange: async (world) => {
      await declined(world);
      return request(world, 'resumeAutoTopup', { as: ann, body: {} });
    },
  },
  ...(['setUpAutoTopup', 'setUpUserAutoTopup'] as const).map((route): Scenario => ({
    name: `a card saved for top-ups, ${route}`,
    of: 'route',
    covers: [`route ${route}`],
    arrange: async (world) => {
      await deploy(world);
      const isOwn = route === 'setUpAutoTopup';
      return request(world, route, {
        as: isOwn ? ann : BACKEND,
        ...(!isOwn && { params: { userId: 'ann' } }),
        body: RETURN_URLS,
      });
    },
  })),
];

export const TERMS = {
  enabled: true,
  threshold: 50,
  package_id: 'starter',
  currency: 'USD',
  max_per_month: 10,
  max_amount_per_month: 20_000,
};

/** The event of a payment that waits for a person: its id there. */
export async function quarantined(world: World): Promise<string> {
  await deploy(world);
  const begun = await ask(world, 'createCheckout', { ...CHECKOUT_REQUEST, key: 'quarantined' });
  const session = begun.text('session_id');
  world.stripe.pay(session, 'success');
  const { quarantineEvent } = await import('#lib/purchases/quarantine-event');
  const event = world.stripe
    .events()
    .find(
      (each) =>
        each['type'] === 'checkout.session.completed' && JSON.stringify(each).includes(session),
    );
  invariant(event, 'Stripe tells of a payment');
  const now = new Date().toISOString();
  return quarantineEvent(
    { store: world.ledger },
    {
      provider: 'stripe',
      eventId: String(event['id']),
      type: 'checkout.session.completed',
      reason: 'WALLET_REFUSED',
      detail: 'too many grants',
      body: JSON.stringify(event),
      receivedAt: now,
      now,
    },
  );
}

/** As many in a row suspend top-ups: after the first one we wait an hour, after the second a day. */
const DECLINES_IN_ROW_MAX = 3;
/** More than the longest of these waits. */
const BETWEEN_DECLINES_MS = 2 * 86_400_000;

/** A user whose top-ups are suspended, because the card is declined whenever it is tried. */
async function declined(world: World): Promise<void> {
  await withCard(world, 'declines');
  await ask(world, 'putAutoTopup', { as: ann, body: TERMS });
  for (let declines = 0; declines < DECLINES_IN_ROW_MAX; declines += 1) {
    const before = await ask(world, 'getAutoTopup', { as: ann });
    invariant(before.text('state') !== 'suspended', `${declines} declines do not suspend`);
    await lookedAt(world);
    vi.setSystemTime(Date.now() + BETWEEN_DECLINES_MS);
  }
  const after = await ask(world, 'getAutoTopup', { as: ann });
  invariant(after.text('state') === 'suspended', 'the last decline suspends');
}

/** One look at a top-up, and what the provider tells of the charge that comes of it. */
export async function lookedAt(world: World): Promise<void> {
  const since = marksOf(world);
  await perform(world, messages('topups', [TOP_UP_OF_ANN]));
  await perform(world, messages('fulfillment', news(world, since)));
}

/** The message that asks for a look. */
export const TOP_UP_OF_ANN = JSON.stringify({ user_id: 'ann', credit_type: 'general' });

/** A user whose card is saved. */
export async function withCard(world: World, card: CardBehaviour = 'pays'): Promise<void> {
  await deploy(world);
  await ask(world, 'createAccount', {
    body: { user_id: 'ann', email: 'ann@users.test' },
  });
  const since = marksOf(world);
  const begun = await ask(world, 'setUpAutoTopup', {
    as: ann,
    key: 'card',
    body: RETURN_URLS,
  });
  const session = String(begun.body['session_id']);
  world.stripe.pay(session, 'success', { card });
  await perform(world, messages('fulfillment', news(world, since)));
}
