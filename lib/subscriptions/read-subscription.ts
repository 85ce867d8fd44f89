import { freeOf } from '#lib/ledger/burn-order';
import { advance } from '#lib/ledger/advance';
import type { LedgerStore } from '#lib/ports';
import { settingOf } from '#lib/settings/settings';
import { graceEndsAt, type Subscription, tierInForce } from '#lib/subscriptions/subscription';
import { planOfTier, type Tier } from '#lib/subscriptions/tiers';

/** What one grant of the running period has given, and what of it can still be spent. */
export interface PlanCredits {
  readonly creditType: string;
  readonly granted: number;
  readonly remaining: number;
  readonly expiresAt: string;
}

/** A subscription with what follows from it at an instant. */
export interface SubscriptionView {
  readonly userId: string;
  /** Null where the user was never registered and never subscribed: FREE. */
  readonly subscription: Subscription | null;
  /** Whose quotas hold. */
  readonly tier: Tier;
  /** When quotas fall, or fell, to FREE because a payment has failed. */
  readonly graceEndsAt: string | null;
  /** Minor units a month; null where nothing is billed, or by a price that no tier names. */
  readonly amountMinor: number | null;
  readonly planCredits: readonly PlanCredits[];
}

const TIERS = { key: 'tiers' } as const;
const GRACE = { key: 'past_due_grace_days' } as const;

/** The subscription of a user as it stands at an instant; held plan credits are no rest, as for what is carried over. */
export async function readSubscription(
  ledger: Pick<LedgerStore, 'load' | 'loadHead'>,
  { userId, now }: { readonly userId: string; readonly now: string },
): Promise<SubscriptionView> {
  const id = { userId };
  const read = await ledger.load([
    { record: 'subscription', id },
    { record: 'setting', id: TIERS },
    { record: 'setting', id: GRACE },
  ]);
  const subscription = read('subscription', id)?.value ?? null;
  const graceDays = settingOf('past_due_grace_days', read('setting', GRACE));
  const since = subscription?.pastDueSince ?? null;
  const provider = subscription?.provider;
  const prices = subscription
    ? planOfTier(settingOf('tiers', read('setting', TIERS)), subscription.tier).prices
    : [];
  return {
    userId,
    subscription,
    tier: tierInForce(subscription, { now, graceDays }),
    graceEndsAt: since === null ? null : graceEndsAt(since, graceDays),
    amountMinor: prices.find((price) => price.price_id === provider?.priceId)?.amount ?? null,
    planCredits: await readPlanCredits(ledger, { subscription, now }),
  };
}

async function readPlanCredits(
  ledger: Pick<LedgerStore, 'loadHead'>,
  at: { readonly subscription: Subscription | null; readonly now: string },
): Promise<readonly PlanCredits[]> {
  const { now, subscription } = at;
  const granted = subscription?.granted ?? null;
  if (!subscription || !granted || granted.end <= now) return [];
  const { userId } = subscription;
  return Promise.all(
    granted.grants.map(async ({ creditType, credits, grantId }) => {
      const { head } = advance(await ledger.loadHead({ userId, creditType }), now);
      const grant = head.grants.find((open) => open.id === grantId);
      return {
        creditType,
        granted: credits,
        remaining: grant ? freeOf(grant) : 0,
        expiresAt: granted.end,
      };
    }),
  );
}
