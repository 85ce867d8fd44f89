import { changedAnswer } from '#functions/subscriptions/change-answer';
import type { SubscriptionDependencies } from '#functions/subscriptions/dependencies';
import { subscriptionChangeRoutes } from '#lib/contract/routes/subscription-changes';
import { endpoint } from '#lib/http/endpoint';
import { changeSubscription } from '#lib/subscriptions/change-subscription';

/** POST /api/subscriptions/{userId}/cancel */
export const cancelSubscription = endpoint(
  subscriptionChangeRoutes.cancelSubscription,
  async ({ body, params: { userId }, request }, deps: SubscriptionDependencies) => {
    const { actor, now } = request;
    const wish = { kind: 'cancel', when: body.when, reason: body.reason ?? null } as const;
    const outcome = await changeSubscription(deps, {
      userId,
      wish,
      urls: null,
      request,
      actor,
      now,
    });
    return changedAnswer(outcome, { log: deps.log, requestId: request.id });
  },
);
