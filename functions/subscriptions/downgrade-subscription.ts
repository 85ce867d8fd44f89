import { changeRunning } from '#functions/subscriptions/change-answer';
import type { SubscriptionDependencies } from '#functions/subscriptions/dependencies';
import { subscriptionChangeRoutes } from '#lib/contract/routes/subscription-changes';
import { endpoint } from '#lib/http/endpoint';

/** POST /api/subscriptions/{userId}/downgrade */
export const downgradeSubscription = endpoint(
  subscriptionChangeRoutes.downgradeSubscription,
  async ({ body, params: { userId }, request }, deps: SubscriptionDependencies) => {
    const wish = { kind: 'downgrade', tier: body.tier } as const;
    return changeRunning(deps, { userId, wish, request });
  },
);
