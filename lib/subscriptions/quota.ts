import * as z from 'zod';
import { QUOTA_PERIODS } from '#lib/contract/subscriptions';
import { addMonths, monthAt } from '#lib/subscriptions/months';
import type { Feature, Quota, QuotaPeriod } from '#lib/subscriptions/tiers';

const quotaWindow = z.object({ endsAt: z.string(), used: z.int().min(0) });
type QuotaWindow = Readonly<z.infer<typeof quotaWindow>>;

/**
 * How often a user has used a feature in the running hour, day and month: all three, whatever the tier limits, so that
 * another tier finds what was used under the one before.
 */
export const quotaCounterSchema = z.object({
  feature: z.string(),
  hour: quotaWindow,
  day: quotaWindow,
  month: quotaWindow,
  updatedAt: z.string(),
});
export type QuotaCounter = Readonly<z.infer<typeof quotaCounterSchema>>;

/** Where the windows of a counter begin and end. */
export interface CounterTime {
  readonly now: string;
  /** Of the subscription; null where there is none. */
  readonly anchor: string | null;
}

/**
 * A counter as it stands at an instant: a window that has ended begins anew. Hours and days are of UTC, so that none is
 * longer or shorter where clocks are changed; months are those of the subscription, else calendar months of UTC. A
 * window that is open runs to its end even where the subscription has another anchor since: to change the plan
 * gives nobody a fresh month. A clock behind the newest use changes nothing.
 */
export function counterAt(
  stored: QuotaCounter | null,
  feature: string,
  { now, anchor }: CounterTime,
): QuotaCounter {
  const at = stored && stored.updatedAt > now ? stored.updatedAt : now;
  const windowOf = (period: QuotaPeriod): QuotaWindow => {
    const open = stored?.[period];
    return open && open.endsAt > at
      ? open
      : { endsAt: endOf(period, { now: at, anchor }), used: 0 };
  };
  const [hour, day, month] = [windowOf('hour'), windowOf('day'), windowOf('month')];
  return { feature, hour, day, month, updatedAt: at };
}

export interface QuotaExceeded {
  readonly code: 'QUOTA_EXCEEDED';
  readonly feature: string;
  readonly period: QuotaPeriod;
  readonly limit: number;
  readonly used: number;
  readonly resetsAt: string;
}

/** What uses do to a counter, and how many of them are beyond a quota that allows it. */
export type Uses =
  | { readonly ok: true; readonly counter: QuotaCounter; readonly beyond: number }
  | { readonly ok: false; readonly refusal: QuotaExceeded };

/**
 * Counts uses, all of them or none. Every quota without overage must have room; of several that have none, the one is
 * told that resets last, because waiting for another is in vain.
 */
export function countUses(counter: QuotaCounter, quotas: readonly Quota[], quantity: number): Uses {
  const full = quotas
    .filter((quota) => !quota.overage && beyondOf(quota, counter[quota.period].used + quantity) > 0)
    .toSorted((a, b) => (counter[a.period].endsAt < counter[b.period].endsAt ? 1 : -1))[0];
  if (full && full.limit !== null) {
    const { period, limit } = full;
    const { endsAt: resetsAt, used } = counter[period];
    const { feature } = counter;
    return {
      ok: false,
      refusal: { code: 'QUOTA_EXCEEDED', feature, period, limit, used, resetsAt },
    };
  }
  const beyond = quotas.map((quota) => {
    const { used } = counter[quota.period];
    return beyondOf(quota, used + quantity) - beyondOf(quota, used);
  });
  const counted = (period: QuotaPeriod): QuotaWindow => ({
    ...counter[period],
    used: counter[period].used + quantity,
  });
  const [hour, day, month] = [counted('hour'), counted('day'), counted('month')];
  return { ok: true, counter: { ...counter, hour, day, month }, beyond: Math.max(0, ...beyond) };
}

/** Credits that uses cost: each within the quotas, or beyond one. */
export function costOf(
  feature: Feature,
  uses: { readonly quantity: number; readonly beyond: number },
) {
  return (uses.quantity - uses.beyond) * feature.cost + uses.beyond * (feature.overage_cost ?? 0);
}

/** A quota as somebody may look at it. */
export interface QuotaState extends Quota {
  readonly used: number;
  /** Null for no limit. */
  readonly remaining: number | null;
  readonly resetsAt: string;
}

/** The quotas of a feature, the tightest first: what refuses before what costs more, and that before what is free. */
export function quotaStates(
  counter: QuotaCounter,
  quotas: readonly Quota[],
): readonly QuotaState[] {
  return quotas
    .map((quota) => quotaState(counter, quota))
    .toSorted(
      (a, b) =>
        rank(a) - rank(b) ||
        (a.remaining ?? 0) - (b.remaining ?? 0) ||
        QUOTA_PERIODS.indexOf(b.period) - QUOTA_PERIODS.indexOf(a.period),
    );
}

export function quotaState(counter: QuotaCounter, quota: Quota): QuotaState {
  const { used, endsAt } = counter[quota.period];
  const remaining = quota.limit === null ? null : Math.max(0, quota.limit - used);
  return { ...quota, used, remaining, resetsAt: endsAt };
}

function rank({ limit, overage }: Quota): number {
  if (limit === null) return 2;
  return overage ? 1 : 0;
}

function beyondOf({ limit }: Quota, used: number): number {
  return limit === null ? 0 : Math.max(0, used - limit);
}

const PERIOD_MS = { hour: 3_600_000, day: 86_400_000 } as const;

function endOf(period: QuotaPeriod, { now, anchor }: CounterTime): string {
  if (period !== 'month') {
    const length = PERIOD_MS[period];
    return new Date(Date.parse(now) - (Date.parse(now) % length) + length).toISOString();
  }
  // A subscription may be known before it begins.
  if (anchor !== null && anchor <= now) return monthAt(anchor, now).end;
  return addMonths(`${now.slice(0, 7)}-01T00:00:00.000Z`, 1);
}
