import { MONEY_MAX } from '#lib/contract/amounts';
import type { Reader, RecordRef } from '#lib/ports';
import type { Quote } from '#lib/purchases/purchase';
import { settingOf } from '#lib/settings/settings';

/** What an operator allows to one user (settings `purchase_credits_*`, `purchases_*`). */
export interface PurchaseLimits {
  readonly creditsMin: number;
  readonly creditsMax: number;
  readonly perDayMax: number;
  readonly pendingMax: number;
}

export type PurchaseLimitRefusal =
  | { readonly code: 'PURCHASE_TOO_SMALL' | 'PURCHASE_TOO_LARGE'; readonly limit: number }
  | { readonly code: 'TOO_MANY_PENDING_PURCHASES'; readonly limit: number }
  | {
      readonly code: 'TOO_MANY_PURCHASES_TODAY';
      readonly limit: number;
      /** Until the oldest of them is a day old; null where waiting does not help. */
      readonly retryAfterSeconds: number | null;
    };

/** A user's purchases begun within the last day, oldest first. */
export type RecentPurchases = readonly { readonly purchaseId: string; readonly at: string }[];

export const DAY_MS = 86_400_000;

const KEYS = {
  creditsMin: 'purchase_credits_min',
  creditsMax: 'purchase_credits_max',
  perDayMax: 'purchases_per_day_max',
  pendingMax: 'purchases_pending_max',
} as const;

/** The items that `purchaseLimits` reads. */
export const purchaseLimitRefs: readonly RecordRef[] = Object.values(KEYS).map((key) => ({
  record: 'setting',
  id: { key },
}));

export function purchaseLimits(read: Reader): PurchaseLimits {
  const valueOf = (name: keyof typeof KEYS): number =>
    settingOf(KEYS[name], read('setting', { key: KEYS[name] }));
  return {
    creditsMin: valueOf('creditsMin'),
    creditsMax: valueOf('creditsMax'),
    perDayMax: valueOf('perDayMax'),
    pendingMax: valueOf('pendingMax'),
  };
}

/** Whether a user may begin a purchase, or the first reason why not. */
export function canPurchase(
  quote: Pick<Quote, 'credits' | 'amountMinor'>,
  state: {
    readonly limits: PurchaseLimits;
    /** The least that the provider takes, in minor units of the quote's currency. */
    readonly amountMin: number;
    readonly recent: RecentPurchases;
    /** How many of those may still be paid. */
    readonly pending: number;
    readonly now: string;
  },
): { readonly ok: true } | { readonly ok: false; readonly refusal: PurchaseLimitRefusal } {
  const { amountMin, limits, now, pending, recent } = state;
  const least = Math.ceil((amountMin / quote.amountMinor) * quote.credits);
  const creditsMin = quote.amountMinor < amountMin ? least : limits.creditsMin;
  if (quote.credits < creditsMin) {
    return refused({ code: 'PURCHASE_TOO_SMALL', limit: Math.max(creditsMin, limits.creditsMin) });
  }
  const affordable = Math.floor((MONEY_MAX / quote.amountMinor) * quote.credits);
  const limit = Math.min(limits.creditsMax, affordable);
  if (quote.credits > limit) return refused({ code: 'PURCHASE_TOO_LARGE', limit });
  if (recent.length >= limits.perDayMax) {
    // So many have to grow a day old before there is room for one.
    const last = recent[recent.length - limits.perDayMax];
    const retryAfterSeconds = last
      ? Math.ceil((Date.parse(last.at) + DAY_MS - Date.parse(now)) / 1000)
      : null;
    return refused({
      code: 'TOO_MANY_PURCHASES_TODAY',
      limit: limits.perDayMax,
      retryAfterSeconds,
    });
  }
  if (pending >= limits.pendingMax) {
    return refused({ code: 'TOO_MANY_PENDING_PURCHASES', limit: limits.pendingMax });
  }
  return { ok: true };
}

function refused(refusal: PurchaseLimitRefusal) {
  return { ok: false, refusal } as const;
}
