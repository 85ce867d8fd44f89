import type { ServiceDependencies } from '#functions/service/dependencies';
import { subscriptionRoutes } from '#lib/contract/routes/subscriptions';
import { endpoint } from '#lib/http/endpoint';
import { toSubscription } from '#lib/http/subscription-resource';
import { readSubscription } from '#lib/subscriptions/read-subscription';

/** GET /api/subscriptions/{userId} */
export const getSubscription = endpoint(
  subscriptionRoutes.getSubscription,
  async ({ params: { userId }, request: { now } }, { ledger }: ServiceDependencies) => {
    const view = await readSubscription(ledger, { userId, now });
    return { status: 200, body: toSubscription(view) };
  },
);
