import type { LedgerStore, QuotaStore } from '#lib/ports';
import { settingOf } from '#lib/settings/settings';
import { counterAt, type QuotaState, quotaState, quotaStates } from '#lib/subscriptions/quota';
import { tierInForce } from '#lib/subscriptions/subscription';
import { type Feature, planOfTier, type Tier } from '#lib/subscriptions/tiers';

/** A feature of the tier in force, with what is left of it. */
export interface FeatureQuotas {
  readonly feature: Feature;
  /** The tightest first; one without a limit where the tier sets none. */
  readonly quotas: readonly [QuotaState, ...QuotaState[]];
}

export interface QuotasView {
  readonly userId: string;
  readonly tier: Tier;
  readonly features: readonly FeatureQuotas[];
}

const TIERS = { key: 'tiers' } as const;
const GRACE = { key: 'past_due_grace_days' } as const;
const UNLIMITED = { period: 'month', limit: null, overage: false } as const;

/** What a user may use, from the subscription and one consistent query of all counters, asked for at the same time. */
export async function readQuotas(
  stores: { readonly ledger: Pick<LedgerStore, 'load'>; readonly quotas: QuotaStore },
  { userId, now }: { readonly userId: string; readonly now: string },
): Promise<QuotasView> {
  const id = { userId };
  const [read, counters] = await Promise.all([
    stores.ledger.load([
      { record: 'subscription', id },
      { record: 'setting', id: TIERS },
      { record: 'setting', id: GRACE },
    ]),
    stores.quotas.countersOf(userId),
  ]);
  const subscription = read('subscription', id)?.value ?? null;
  const graceDays = settingOf('past_due_grace_days', read('setting', GRACE));
  const tier = tierInForce(subscription, { now, graceDays });
  const { features } = planOfTier(settingOf('tiers', read('setting', TIERS)), tier);
  const anchor = subscription?.anchor ?? null;
  return {
    userId,
    tier,
    features: features.map((feature) => {
      const stored = counters.find((each) => each.feature === feature.feature) ?? null;
      const counter = counterAt(stored, feature.feature, { now, anchor });
      const [first, ...others] = quotaStates(counter, feature.quotas);
      return { feature, quotas: [first ?? quotaState(counter, UNLIMITED), ...others] };
    }),
  };
}
