import type { Refusal } from '#lib/ledger/decision';
import type { Entry } from '#lib/ledger/entry';
import { type CapPeriod, type Head, heldOf, type Spent } from '#lib/ledger/wallet';

/** The most credits that may be spent from a wallet in each such period (DESIGN 5, limits). */
export interface SpendingCap {
  readonly period: CapPeriod;
  readonly credits: number;
}

const PERIOD_MS: Readonly<Record<CapPeriod, number>> = { hour: 3_600_000, day: 86_400_000 };

/**
 * What a wallet has spent after one more entry: it follows from the entries' times alone, so that a cap needs no counter
 * of its own, no write and no read. A refund gives no room back: caps bound what is spent, whatever becomes of it.
 */
export function spentAfter(
  head: Pick<Head, 'spent' | 'updatedAt'>,
  entry: Pick<Entry, 'type' | 'amount' | 'createdAt'>,
): Spent {
  const spent = spentAt(head, entry.createdAt);
  if (entry.type !== 'usage') return spent;
  return { hour: spent.hour - entry.amount, day: spent.day - entry.amount };
}

/** What a wallet has spent in the hour and the day of an instant, which is not before its newest entry. */
export function spentAt(head: Pick<Head, 'spent' | 'updatedAt'>, instant: string): Spent {
  const at = (period: CapPeriod) =>
    startOf(period, head.updatedAt) === startOf(period, instant) ? head.spent[period] : 0;
  return { hour: at('hour'), day: at('day') };
}

/**
 * Why a wallet that is advanced to `now` may not spend so much, or null. Open holds count as if they were spent already,
 * in whichever period that will be: so a capture of what was set aside is never refused, and yet no cap is exceeded. Of
 * several caps, the one is told that ends last.
 */
export function capRefusal(
  { head, now }: { readonly head: Head; readonly now: string },
  wanted: { readonly amount: number; readonly caps: readonly SpendingCap[] },
): Refusal | null {
  const spent = spentAt(head, now);
  const held = heldOf(head);
  const refusals = wanted.caps
    .filter(({ period, credits }) => spent[period] + held + wanted.amount > credits)
    .map(({ period, credits: limit }) => {
      const resetsInMs = PERIOD_MS[period] - (Date.parse(now) % PERIOD_MS[period]);
      return {
        code: 'SPENDING_CAP',
        period,
        limit,
        used: spent[period],
        held,
        resetsAt: new Date(Date.parse(now) + resetsInMs).toISOString(),
        retryAfterSeconds: Math.ceil(resetsInMs / 1_000),
      } as const;
    });
  return refusals.toSorted((a, b) => (a.resetsAt < b.resetsAt ? 1 : -1))[0] ?? null;
}

/** As 2026-11-20T12, or 2026-11-20; of a wallet without entries, nothing. */
function startOf(period: CapPeriod, instant: string): string {
  return instant.slice(0, period === 'hour' ? 13 : 10);
}
