import type { ServiceDependencies } from '#functions/service/dependencies';
import { subscriptionRoutes } from '#lib/contract/routes/subscriptions';
import { endpoint } from '#lib/http/endpoint';
import { commandOf } from '#lib/http/movement';
import { useAnswer } from '#lib/http/quota-resource';
import { useFeature } from '#lib/subscriptions/use-feature';

/** POST /api/subscriptions/{userId}/usage */
export const recordUsage = endpoint(
  subscriptionRoutes.recordUsage,
  async ({ params, body, request }, { ledger }: ServiceDependencies) => {
    const { feature, quantity, metadata } = body;
    const uses = quantity === 1 ? 'Use' : `${quantity} uses`;
    const outcome = await useFeature(ledger, {
      userId: params.userId,
      feature,
      price: { kind: 'of_tier', quantity },
      command: commandOf(request, {
        description: body.description ?? `${uses} of ${feature}`,
        reference: body.reference ?? { type: 'feature', id: feature },
        metadata,
      }),
    });
    return useAnswer(outcome, body);
  },
);
