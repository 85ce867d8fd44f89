import * as z from 'zod';
import { wholeNumber } from '#lib/contract/amounts';
import { description, metadata, reference } from '#lib/contract/fields';
import { keyPart, userId } from '#lib/contract/ids';
import { route } from '#lib/contract/route';
import { featureUse, QUANTITY_MAX, quotas, subscription } from '#lib/contract/subscriptions';

/**
 * What a plan allows and what of it is used: asked with every use of a feature, so that no payment provider's SDK may
 * load with it.
 */
export const subscriptionRoutes = {
  getSubscription: route({
    name: 'getSubscription',
    method: 'GET',
    path: '/api/subscriptions/{userId}',
    function: 'service',
    access: { kind: 'service', scope: 'credits/read', ownUser: 'credits.read' },
    summary: 'The subscription of a user: tier, status, period and plan credits',
    params: z.strictObject({ userId }),
    answers: { 200: subscription },
    errors: [],
  }),
  getQuotas: route({
    name: 'getQuotas',
    method: 'GET',
    path: '/api/subscriptions/{userId}/quotas',
    function: 'service',
    access: { kind: 'service', scope: 'credits/read', ownUser: 'credits.read' },
    summary: 'What is left of the quotas of each feature of the tier in force, as of now',
    params: z.strictObject({ userId }),
    answers: { 200: quotas },
    errors: [],
  }),
  recordUsage: route({
    name: 'recordUsage',
    method: 'POST',
    path: '/api/subscriptions/{userId}/usage',
    function: 'service',
    access: { kind: 'service', scope: 'credits/write' },
    summary:
      'Uses a feature: counts on its quotas and spends what the tier in force charges, both or neither',
    params: z.strictObject({ userId }),
    body: z.strictObject({
      feature: keyPart,
      quantity: wholeNumber({ min: 1, max: QUANTITY_MAX }).default(1),
      description: description.optional(),
      reference: reference.optional().meta({ description: 'The feature, where left out.' }),
      metadata: metadata.optional(),
    }),
    idempotent: true,
    answers: { 201: featureUse },
    errors: [
      'QUOTA_EXCEEDED',
      'FEATURE_NOT_AVAILABLE',
      'INSUFFICIENT_CREDITS',
      'WALLET_FROZEN',
      'SPENDING_CAP',
      'CONTENTION',
    ],
  }),
};
