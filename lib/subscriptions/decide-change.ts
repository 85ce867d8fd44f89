import { invariant, unreachable } from '#lib/invariant';
import type { Subscription } from '#lib/subscriptions/subscription';
import type { Decided, ProviderAct } from '#lib/subscriptions/subscription-request';
import { compareTiers, planOfTier, type Tier, type Tiers } from '#lib/subscriptions/tiers';

/** What somebody wants of a subscription. */
export type Wish =
  | { readonly kind: 'upgrade'; readonly tier: Tier; readonly currency: string | undefined }
  /** To FREE: it ends with its period. */
  | { readonly kind: 'downgrade'; readonly tier: Tier }
  | {
      readonly kind: 'cancel';
      readonly when: 'period_end' | 'now';
      readonly reason: string | null;
    }
  | { readonly kind: 'resume' };

export type WishRefusal =
  | {
      readonly code: 'ALREADY_SUBSCRIBED' | 'NOT_AN_UPGRADE' | 'NOT_A_DOWNGRADE';
      readonly tier: Tier;
    }
  | {
      readonly code:
        'NOT_SUBSCRIBED' | 'NOTHING_TO_RESUME' | 'SUBSCRIPTION_ENDING' | 'SUBSCRIPTION_PAST_DUE';
    }
  | { readonly code: 'TIER_NOT_AVAILABLE'; readonly tier: Tier }
  | { readonly code: 'CURRENCY_NOT_AVAILABLE'; readonly currency: string };

export type Decision =
  | { readonly ok: true; readonly decided: Decided }
  | { readonly ok: false; readonly refusal: WishRefusal };

/** A subscription that a provider bills. */
type Running = Subscription & { readonly provider: NonNullable<Subscription['provider']> };

/** Null where nothing has begun, or what was there has ended. */
export function runningOf(subscription: Subscription | null): Running | null {
  if (!subscription?.provider || subscription.endedAt !== null) return null;
  const { provider, status } = subscription;
  if (status === 'INCOMPLETE' || status === 'CANCELED') return null;
  return { ...subscription, provider };
}

/**
 * What a wish means for a subscription as its provider tells it (DESIGN 5): up at once and paid for at once, down at
 * the end of what is paid for. What ends is resumed before anything else is made of it.
 */
export function decideChange(
  subscription: Subscription | null,
  wish: Wish,
  tiers: Tiers,
): Decision {
  const running = runningOf(subscription);
  switch (wish.kind) {
    case 'upgrade':
      return running ? upgrade(running, wish, tiers) : begin(wish, tiers);
    case 'downgrade':
      return running ? downgrade(running, wish, tiers) : refuse({ code: 'NOT_SUBSCRIBED' });
    case 'cancel': {
      if (!running) return refuse({ code: 'NOT_SUBSCRIBED' });
      const { reason, when } = wish;
      return change(
        running,
        when === 'now' ? { kind: 'end_now', reason } : { kind: 'set_end', ends: true, reason },
      );
    }
    case 'resume':
      return running ? resume(running, tiers) : refuse({ code: 'NOT_SUBSCRIBED' });
    default:
      return unreachable(wish);
  }
}

function begin(wish: Extract<Wish, { readonly kind: 'upgrade' }>, tiers: Tiers): Decision {
  const price = priceOf(tiers, { tier: wish.tier, currency: wish.currency });
  return price.ok ? { ok: true, decided: { kind: 'page', priceId: price.priceId } } : price;
}

function upgrade(
  running: Running,
  wish: Extract<Wish, { readonly kind: 'upgrade' }>,
  tiers: Tiers,
): Decision {
  const { pendingChange, status, tier } = running;
  if (running.cancelAtPeriodEnd) return refuse({ code: 'SUBSCRIPTION_ENDING' });
  const up = compareTiers(tier, wish.tier);
  if (up < 0) return refuse({ code: 'NOT_AN_UPGRADE', tier });
  if (up === 0) {
    // What is paid for goes on: the downgrade that waits is taken back.
    return pendingChange ? keepTier(running, tiers) : refuse({ code: 'ALREADY_SUBSCRIBED', tier });
  }
  if (status === 'PAST_DUE') return refuse({ code: 'SUBSCRIPTION_PAST_DUE' });
  if (wish.currency !== undefined && wish.currency !== running.provider.currency) {
    return refuse({ code: 'CURRENCY_NOT_AVAILABLE', currency: wish.currency });
  }
  return changePrice(running, tiers, { tier: wish.tier, payNow: true });
}

function downgrade(
  running: Running,
  wish: Extract<Wish, { readonly kind: 'downgrade' }>,
  tiers: Tiers,
): Decision {
  const { tier } = running;
  if (wish.tier === 'FREE') return change(running, { kind: 'set_end', ends: true, reason: null });
  if (running.cancelAtPeriodEnd) return refuse({ code: 'SUBSCRIPTION_ENDING' });
  if (compareTiers(tier, wish.tier) >= 0) return refuse({ code: 'NOT_A_DOWNGRADE', tier });
  return changePrice(running, tiers, { tier: wish.tier, payNow: false });
}

/** A cancellation is taken back first, and a downgrade that waits by the next request. */
function resume(running: Running, tiers: Tiers): Decision {
  if (running.cancelAtPeriodEnd) {
    return change(running, { kind: 'set_end', ends: false, reason: null });
  }
  return running.pendingChange ? keepTier(running, tiers) : refuse({ code: 'NOTHING_TO_RESUME' });
}

/** The price of what is paid for is billed again; nothing is due for it. */
function keepTier(running: Running, tiers: Tiers): Decision {
  return changePrice(running, tiers, { tier: running.tier, payNow: false });
}

function changePrice(
  running: Running,
  tiers: Tiers,
  to: { readonly tier: Tier; readonly payNow: boolean },
): Decision {
  const { currentPeriodEnd, provider, tier } = running;
  const { currency, itemId } = provider;
  const price = priceOf(tiers, { tier: to.tier, currency });
  if (!price.ok) return price;
  invariant(itemId !== null, 'a running subscription bills an item');
  const waits = compareTiers(tier, to.tier) < 0;
  const paidFor = waits ? { tier, until: currentPeriodEnd } : null;
  const { priceId } = price;
  return change(running, { kind: 'change_price', itemId, priceId, payNow: to.payNow, paidFor });
}

/** Of one tier in one currency; the first where nobody asks for one. */
function priceOf(
  tiers: Tiers,
  { currency, tier }: { readonly tier: Tier; readonly currency: string | undefined },
):
  | { readonly ok: true; readonly priceId: string }
  | { readonly ok: false; readonly refusal: WishRefusal } {
  const { prices } = planOfTier(tiers, tier);
  const price =
    currency === undefined ? prices[0] : prices.find((row) => row.currency === currency);
  if (price) return { ok: true, priceId: price.price_id };
  return currency === undefined || prices.length === 0
    ? refuse({ code: 'TIER_NOT_AVAILABLE', tier })
    : refuse({ code: 'CURRENCY_NOT_AVAILABLE', currency });
}

function change(running: Running, act: ProviderAct): Decision {
  const { subscriptionId } = running.provider;
  return { ok: true, decided: { kind: 'change', subscriptionId, act } };
}

function refuse(refusal: WishRefusal): { readonly ok: false; readonly refusal: WishRefusal } {
  return { ok: false, refusal };
}
