import { NO_TOTALS, type Totals, type WalletRef } from '#lib/ledger/wallet';
import type { HistoryStore } from '#lib/ports';

/** What a wallet used and bought in one period. `spends` is how many times it spent. */
interface Amounts {
  readonly used: number;
  readonly purchased: number;
  readonly spends: number;
}

export interface Usage extends Amounts {
  readonly from: string;
  readonly to: string;
  /** At the end of the period. */
  readonly balance: number;
  /** Credits a day, to two decimals. */
  readonly averageDaily: number;
  /** Every UTC day that the period touches, oldest first. */
  readonly days: readonly (Amounts & { readonly date: string })[];
}

export const PERIOD_DAYS_MAX = 92;
const DEFAULT_DAYS = 30;
const DAY_MS = 86_400_000;

/**
 * Usage from the running totals of the entries at the borders of each day (DESIGN 3.3): a day is the difference of
 * two entries, found by binary search, so a busy wallet costs no more than a quiet one.
 */
export async function readUsage(
  history: HistoryStore,
  asked: {
    readonly wallet: WalletRef;
    readonly now: string;
    /** Inclusive; by default 30 days before `to`. */
    readonly from?: string | undefined;
    /** Exclusive; by default now. */
    readonly to?: string | undefined;
  },
): Promise<Usage | 'backwards' | 'too_long'> {
  const to = asked.to ?? justAfter(asked.now);
  const from = asked.from ?? isoOf(Date.parse(to) - DEFAULT_DAYS * DAY_MS);
  if (from >= to) return 'backwards';
  const lengthDays = (Date.parse(to) - Date.parse(from)) / DAY_MS;
  if (lengthDays > PERIOD_DAYS_MAX) return 'too_long';

  const borders = [from, ...midnightsBetween(from, to), to];
  const entries = await history.entriesBefore(asked.wallet, borders);
  const totalsAt = (index: number): Totals => entries[index]?.totals ?? NO_TOTALS;
  const days = borders.slice(0, -1).map((border, index) => ({
    date: border.slice(0, 10),
    ...between(totalsAt(index), totalsAt(index + 1)),
  }));
  const whole = between(totalsAt(0), totalsAt(borders.length - 1));
  const averageDaily = Math.round((whole.used / lengthDays) * 100) / 100;
  return { from, to, ...whole, balance: entries.at(-1)?.balanceAfter ?? 0, averageDaily, days };
}

function between(before: Totals, after: Totals): Amounts {
  return {
    used: after.used - before.used,
    purchased: after.purchased - before.purchased,
    spends: after.usages - before.usages,
  };
}

/** The starts of the UTC days that lie inside a period. */
function midnightsBetween(from: string, to: string): readonly string[] {
  const midnights: string[] = [];
  let next = Math.floor(Date.parse(from) / DAY_MS) * DAY_MS + DAY_MS;
  for (; next < Date.parse(to); next += DAY_MS) midnights.push(isoOf(next));
  return midnights;
}

/** The end of a period is excluded, and what was done at this very instant belongs to "until now". */
function justAfter(instant: string): string {
  return isoOf(Date.parse(instant) + 1);
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
