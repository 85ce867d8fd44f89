import { changeRunning } from '#functions/subscriptions/change-answer';
import type { SubscriptionDependencies } from '#functions/subscriptions/dependencies';
import { subscriptionChangeRoutes } from '#lib/contract/routes/subscription-changes';
import { endpoint } from '#lib/http/endpoint';

/** POST /api/subscriptions/{userId}/resume */
export const resumeSubscription = endpoint(
  subscriptionChangeRoutes.resumeSubscription,
  async ({ params: { userId }, request }, deps: SubscriptionDependencies) => {
    const wish = { kind: 'resume' } as const;
    return changeRunning(deps, { userId, wish, request });
  },
);
