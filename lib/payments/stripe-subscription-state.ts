import { isoTime } from '#lib/payments/stripe-envelope';
import type { StripeSubscription } from '#lib/payments/stripe-objects';
import type { ToldSubscription } from '#lib/payments/subscription-event';
import type { ProviderState } from '#lib/subscriptions/provider-state';
import type { SubscriptionStatus } from '#lib/subscriptions/subscription';
import type { Tiers } from '#lib/subscriptions/tiers';
import { stateOfTold, type UnknownPrice } from '#lib/subscriptions/told-state';

/** A status that nobody here knows the meaning of; nothing is to be made of it. */
export interface UnknownStatus {
  readonly ok: false;
  readonly reason: 'UNKNOWN_STATUS';
  readonly detail: string;
}

/**
 * A subscription of Stripe's as our record has it, whether an event or an answer brought it. `at` is Stripe's time of
 * it.
 */
export function providerStateOf(
  subscription: StripeSubscription,
  of: { readonly userId: string; readonly tiers: Tiers; readonly at: string },
): { readonly ok: true; readonly state: ProviderState } | UnknownStatus | UnknownPrice {
  const told = toldOf(subscription);
  if ('reason' in told) return told;
  return stateOfTold(told, of);
}

/** Stripe's words in ours. */
export function toldOf(subscription: StripeSubscription): ToldSubscription | UnknownStatus {
  const { id, cancellation_details: cancellation, ended_at, items, paidFor } = subscription;
  const status = statusOf(subscription.status);
  if (status === null) {
    return { ok: false, reason: 'UNKNOWN_STATUS', detail: `status is ${subscription.status}` };
  }
  const lines = items.data.map((item) => ({
    itemId: item.id,
    priceId: item.price.id,
    start: isoTime(item.current_period_start),
    end: isoTime(item.current_period_end),
  }));
  return {
    subscriptionId: id,
    customerId: subscription.customer,
    status,
    currency: subscription.currency.toUpperCase(),
    anchor: isoTime(subscription.billing_cycle_anchor),
    lines,
    paidFor: paidFor && { tier: paidFor.tier, until: isoTime(paidFor.until) },
    cancelAtPeriodEnd: endsWithPeriod(subscription),
    cancelReason: cancellation?.comment ?? REASONS[cancellation?.reason ?? ''] ?? null,
    endedAt: ended_at === null ? null : isoTime(ended_at),
  };
}

/** Whether no further period follows: the portal may name the moment instead of setting the flag. */
function endsWithPeriod(subscription: StripeSubscription): boolean {
  const { cancel_at, cancel_at_period_end, items } = subscription;
  const ends = items.data.map((item) => item.current_period_end);
  return cancel_at_period_end || (cancel_at !== null && cancel_at <= Math.max(...ends));
}

/** Reasons that Stripe has by itself, beside what somebody wrote. */
const REASONS: Readonly<Partial<Record<string, string>>> = { payment_failed: 'payment failed' };

/**
 * docs.stripe.com/billing/subscriptions/overview: `unpaid` has failed more often than `past_due`, and both are owed
 * for. A `paused` one waits for a card after a trial, which we do not sell.
 */
const STATUSES: Readonly<Record<string, SubscriptionStatus>> = {
  active: 'ACTIVE',
  trialing: 'TRIALING',
  past_due: 'PAST_DUE',
  unpaid: 'PAST_DUE',
  incomplete: 'INCOMPLETE',
  incomplete_expired: 'CANCELED',
  canceled: 'CANCELED',
};

function statusOf(status: string): SubscriptionStatus | null {
  return Object.hasOwn(STATUSES, status) ? (STATUSES[status] ?? null) : null;
}
