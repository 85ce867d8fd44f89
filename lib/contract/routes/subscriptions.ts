import * as z from 'zod';
import { userId } from '#lib/contract/ids';
import { route } from '#lib/contract/route';
import { subscription } from '#lib/contract/subscriptions';

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
};
