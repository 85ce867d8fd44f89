import * as z from 'zod';
import { currency } from '#lib/contract/amounts';
import { line, pageUrl } from '#lib/contract/fields';
import { providerId, userId } from '#lib/contract/ids';
import { rateLimits } from '#lib/contract/rate-limits';
import { route } from '#lib/contract/route';
import { subscription, TIERS } from '#lib/contract/subscriptions';

const tier = z.enum(TIERS);
export const subscriptionPage = z
  .strictObject({ checkout_url: z.string(), session_id: providerId })
  .meta({ id: 'SubscriptionPage', description: 'Where the user subscribes and pays.' });

const ofUser = z.strictObject({ userId });
const writes = {
  kind: 'service',
  scope: 'credits/write',
  ownUser: 'credits.purchase',
} as const;
const providerErrors = [
  'PAYMENT_PROVIDER_FAILED',
  'PAYMENT_PROVIDER_UNAVAILABLE',
  'CONFLICT',
  'CONTENTION',
] as const;

/** What asks the payment provider: users for themselves, the app's backend for anyone. */
export const subscriptionChangeRoutes = {
  upgradeSubscription: route({
    name: 'upgradeSubscription',
    method: 'POST',
    path: '/api/subscriptions/{userId}/upgrade',
    function: 'subscriptions',
    access: writes,
    summary:
      'Subscribes to a tier on a hosted page (201), or moves a subscription up at once and takes the difference (200)',
    params: ofUser,
    body: z.strictObject({
      tier: tier.exclude(['FREE']),
      currency: currency.optional().meta({
        description: 'Of a first subscription; it stays. The first price where it is left out.',
      }),
      success_url: pageUrl.optional().meta({ description: 'Needed for a first subscription.' }),
      cancel_url: pageUrl.optional().meta({ description: 'Needed for a first subscription.' }),
    }),
    idempotent: true,
    limit: rateLimits.subscribe,
    answers: { 200: subscription, 201: subscriptionPage },
    errors: [
      'ALREADY_SUBSCRIBED',
      'NOT_AN_UPGRADE',
      'TIER_NOT_AVAILABLE',
      'CURRENCY_NOT_AVAILABLE',
      'SUBSCRIPTION_ENDING',
      'SUBSCRIPTION_PAST_DUE',
      'PAYMENT_DECLINED',
      'URL_NOT_ALLOWED',
      ...providerErrors,
    ],
  }),
  downgradeSubscription: route({
    name: 'downgradeSubscription',
    method: 'POST',
    path: '/api/subscriptions/{userId}/downgrade',
    function: 'subscriptions',
    access: writes,
    summary: 'Moves a subscription down when its period ends; to FREE: it ends then',
    params: ofUser,
    body: z.strictObject({ tier }),
    idempotent: true,
    limit: rateLimits.subscribe,
    answers: { 200: subscription },
    errors: [
      'NOT_SUBSCRIBED',
      'NOT_A_DOWNGRADE',
      'TIER_NOT_AVAILABLE',
      'CURRENCY_NOT_AVAILABLE',
      'SUBSCRIPTION_ENDING',
      ...providerErrors,
    ],
  }),
  cancelSubscription: route({
    name: 'cancelSubscription',
    method: 'POST',
    path: '/api/subscriptions/{userId}/cancel',
    function: 'subscriptions',
    // Whoever is suspended may still stop paying.
    access: { ...writes, ownUser: 'credits.read' },
    summary:
      'Ends a subscription with its period, or now: what its plan gave and is unspent ends too',
    params: ofUser,
    body: z
      .strictObject({
        when: z.enum(['period_end', 'now']).default('period_end'),
        reason: line(500).optional().meta({ description: 'Needed to end it now.' }),
      })
      .refine(({ reason, when }) => when !== 'now' || reason !== undefined, {
        path: ['reason'],
        error: 'is needed to end it now',
      }),
    idempotent: true,
    limit: rateLimits.subscribe,
    answers: { 200: subscription },
    errors: ['NOT_SUBSCRIBED', ...providerErrors],
  }),
  resumeSubscription: route({
    name: 'resumeSubscription',
    method: 'POST',
    path: '/api/subscriptions/{userId}/resume',
    function: 'subscriptions',
    access: writes,
    summary: 'Takes back a cancellation, or else a downgrade, that waits for the end of the period',
    params: ofUser,
    idempotent: true,
    limit: rateLimits.subscribe,
    answers: { 200: subscription },
    errors: [
      'NOT_SUBSCRIBED',
      'NOTHING_TO_RESUME',
      'TIER_NOT_AVAILABLE',
      'CURRENCY_NOT_AVAILABLE',
      ...providerErrors,
    ],
  }),
};
