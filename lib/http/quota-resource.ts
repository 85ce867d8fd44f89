import type * as contract from '#lib/contract/subscriptions';
import type { Wire } from '#lib/http/endpoint';
import { entryOf } from '#lib/http/movement';
import { toTransaction } from '#lib/http/wallet-resource';
import type { QuotaState } from '#lib/subscriptions/quota';
import type { QuotasView } from '#lib/subscriptions/read-quotas';
import type { UseOutcome } from '#lib/subscriptions/use-feature';

/** Quotas as the API shows them: each feature with the numbers of its tightest quota. */
export function toQuotas({ userId, tier, features }: QuotasView): Wire<typeof contract.quotas> {
  return {
    user_id: userId,
    tier,
    features: features.map(({ feature, quotas }) => ({
      feature: feature.feature,
      credit_type: feature.credit_type,
      cost: feature.cost,
      overage_cost: feature.overage_cost,
      ...toQuota(quotas[0]),
      quotas: quotas.map(toQuota),
    })),
  };
}

function toQuota({ period, limit, used, remaining, overage, resetsAt }: QuotaState) {
  return { period, limit, used, remaining, overage, resets_at: resetsAt };
}

/** The outcome of a use, done now or before; throws the problem of a refusal. */
export function useAnswer(
  outcome: UseOutcome,
  asked: { readonly feature: string; readonly quantity: number },
): {
  readonly status: 201;
  readonly body: Wire<typeof contract.featureUse>;
  readonly replayed: boolean;
} {
  const entry = entryOf(outcome);
  return {
    status: 201,
    body: {
      success: true,
      feature: asked.feature,
      quantity: asked.quantity,
      credits_used: entry ? -entry.amount : 0,
      transaction_id: entry?.id ?? null,
      balance: entry?.balanceAfter ?? null,
      transaction: entry && toTransaction(entry),
    },
    replayed: outcome.kind === 'replayed',
  };
}
