import { changeRunning } from '#functions/subscriptions/change-answer';
import type { SubscriptionDependencies } from '#functions/subscriptions/dependencies';
import { subscriptionChangeRoutes } from '#lib/contract/routes/subscription-changes';
import { endpoint } from '#lib/http/endpoint';

/** POST /api/subscriptions/{userId}/cancel */
export const cancelSubscription = endpoint(
  subscriptionChangeRoutes.cancelSubscription,
  async ({ body, params: { userId }, request }, deps: SubscriptionDependencies) => {
    const wish = { kind: 'cancel', when: body.when, reason: body.reason ?? null } as const;
    return changeRunning(deps, { userId, wish, request });
  },
);
