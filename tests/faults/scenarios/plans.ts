import { vi } from 'vitest';
import { invariant } from '#lib/invariant';
import { marksOf } from '#tests/faults/end-state';
import { ask, perform, RETURN_URLS, type Scenario } from '#tests/faults/scenario';
import { news } from '#tests/faults/scenarios/money';
import { messages, request } from '#tests/faults/steps';
import type { World } from '#tests/faults/world';

const ofAnn = { params: { userId: 'ann' } };

/** Plans, which the provider keeps and the backend changes. */
export const planScenarios: readonly Scenario[] = [
  {
    name: 'a page to subscribe on',
    of: 'route',
    covers: ['route upgradeSubscription'],
    arrange: async (world) =>
      request(world, 'upgradeSubscription', { ...ofAnn, body: { tier: 'PRO', ...RETURN_URLS } }),
  },
  {
    name: 'a plan moved up',
    of: 'route',
    covers: ['route upgradeSubscription'],
    arrange: async (world) => {
      await subscribed(world, 'PRO');
      return request(world, 'upgradeSubscription', { ...ofAnn, body: { tier: 'PREMIUM' } });
    },
  },
  {
    name: 'a plan moved down',
    of: 'route',
    covers: ['route downgradeSubscription'],
    arrange: async (world) => {
      await subscribed(world, 'PREMIUM');
      return request(world, 'downgradeSubscription', { ...ofAnn, body: { tier: 'PRO' } });
    },
  },
  {
    name: 'a plan cancelled',
    of: 'route',
    covers: ['route cancelSubscription'],
    arrange: async (world) => {
      await subscribed(world, 'PRO');
      return request(world, 'cancelSubscription', { ...ofAnn, body: {} });
    },
  },
  {
    name: 'a plan resumed',
    of: 'route',
    covers: ['route resumeSubscription'],
    arrange: async (world) => {
      await subscribed(world, 'PRO');
      await ask(world, 'cancelSubscription', { ...ofAnn, body: {} });
      return request(world, 'resumeSubscription', { ...ofAnn });
    },
  },
];

/** A user who has paid for a period of a tier. */
export async function subscribed(world: World, tier: 'PRO' | 'PREMIUM') {
  const told = await subscribedAtStripe(world, tier);
  await perform(world, messages('fulfillment', told));
  const [subscription] = (await world.stripeApi.subscriptions.list()).data;
  invariant(subscription, 'Stripe has a subscription');
  return { id: subscription.id };
}

/** What Stripe tells of a subscription that was begun, and nobody has heard yet. */
export async function subscribedAtStripe(world: World, tier: 'PRO' | 'PREMIUM') {
  const since = marksOf(world);
  const begun = await ask(world, 'upgradeSubscription', {
    params: { userId: 'ann' },
    key: 'subscribe',
    body: { tier, ...RETURN_URLS },
  });
  world.stripe.pay(begun.text('session_id'), 'success');
  return news(world, since);
}

/** When the second month of a subscription begins. */
export const SECOND_MONTH = Date.parse('2026-12-20T12:00:00.000Z');
/** Stripe makes an invoice final, and has it paid, an hour after its month has begun. */
const INVOICED_MS = 2 * 3_600_000;

/** Lets a subscription's month go by, and gives what Stripe tells of the next one. */
export async function renewed(world: World): Promise<readonly string[]> {
  const since = marksOf(world);
  vi.setSystemTime(SECOND_MONTH + INVOICED_MS);
  await world.stripe.tick();
  const told = news(world, since);
  invariant(
    told.some((text) => /invoice\.(paid|payment_failed)/.test(text)),
    'Stripe tells of the second invoice',
  );
  return told;
}
