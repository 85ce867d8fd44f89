import type * as contract from '#lib/contract/subscriptions';
import type { Wire } from '#lib/http/endpoint';
import { toCurrency } from '#lib/http/purchase-resource';
import { toCreditType } from '#lib/http/wallet-resource';
import type { SubscriptionView } from '#lib/subscriptions/read-subscription';

/** A subscription as the API shows it. */
export function toSubscription(view: SubscriptionView): Wire<typeof contract.subscription> {
  const { amountMinor, graceEndsAt, planCredits, subscription, tier, userId } = view;
  const provider = subscription?.provider ?? null;
  return {
    user_id: userId,
    tier,
    status: subscription?.status ?? 'ACTIVE',
    subscribed_tier: provider && subscription ? subscription.tier : null,
    price: provider && { currency: toCurrency(provider.currency), amount: amountMinor },
    current_period_start: subscription?.currentPeriodStart ?? null,
    current_period_end: subscription?.currentPeriodEnd ?? null,
    // What has ended does not wait for it any more.
    cancel_at_period_end: (subscription?.cancelAtPeriodEnd ?? false) && !subscription?.endedAt,
    cancel_reason: subscription?.cancelReason ?? null,
    pending_change: subscription?.pendingChange ?? null,
    past_due_since: subscription?.pastDueSince ?? null,
    grace_ends_at: graceEndsAt,
    ended_at: subscription?.endedAt ?? null,
    plan_credits: planCredits.map(({ creditType, expiresAt, granted, remaining }) => ({
      credit_type: toCreditType(creditType),
      granted,
      remaining,
      expires_at: expiresAt,
    })),
  };
}
