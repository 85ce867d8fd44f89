import { changeAnswer, refusalProblem } from '#functions/subscriptions/change-answer';
import type { SubscriptionDependencies } from '#functions/subscriptions/dependencies';
import { subscriptionChangeRoutes } from '#lib/contract/routes/subscription-changes';
import { endpoint } from '#lib/http/endpoint';
import { changeSubscription } from '#lib/subscriptions/change-subscription';

/** POST /api/subscriptions/{userId}/upgrade */
export const upgradeSubscription = endpoint(
  subscriptionChangeRoutes.upgradeSubscription,
  async ({ body, params: { userId }, request }, deps: SubscriptionDependencies) => {
    const { cancel_url: cancelUrl, currency, success_url: successUrl, tier } = body;
    const hasUrls = successUrl !== undefined && cancelUrl !== undefined;
    const { actor, now } = request;
    const outcome = await changeSubscription(deps, {
      userId,
      wish: { kind: 'upgrade', tier, currency },
      urls: hasUrls ? { successUrl, cancelUrl } : null,
      request,
      actor,
      now,
    });
    switch (outcome.kind) {
      case 'page': {
        const { sessionId: session_id, url: checkout_url } = outcome.page;
        return { status: 201, body: { checkout_url, session_id }, replayed: outcome.replayed };
      }
      case 'changed':
        return changeAnswer(outcome);
      case 'refused':
        throw refusalProblem(outcome.refusal, { log: deps.log, requestId: request.id });
    }
  },
);
