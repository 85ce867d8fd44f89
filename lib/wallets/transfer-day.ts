import * as z from 'zod';
import type { Head } from '#lib/ledger/wallet';
import type { RecordWrite, Stored } from '#lib/ports';

/**
 * Where a wallet's transfers of a UTC day began. With the running total of its head, what has gone out since is a
 * subtraction, so that a limit costs one small write a day and no count of its own.
 */
export const transferDaySchema = z.object({
  /** As 2026-11-20. */
  day: z.string(),
  /** The wallet's `transferred_out` before the first transfer of the day. */
  startTotal: z.int().min(0),
});
export type TransferDay = z.infer<typeof transferDaySchema>;

const DAY_MS = 86_400_000;

/** What a wallet has sent on the day of an instant, and the write that begins this day, where it is the first. */
export function sentToday(
  head: Head,
  at: string,
  stored: Stored<'transferDay'> | null,
): { readonly sent: number; readonly writes: readonly RecordWrite[] } {
  const day = at.slice(0, 10);
  const total = head.totals.transferredOut;
  if (stored?.value.day === day) return { sent: total - stored.value.startTotal, writes: [] };
  const id = { userId: head.userId, creditType: head.creditType };
  const value = { day, startTotal: total };
  return {
    sent: 0,
    writes: [{ record: 'transferDay', id, value, version: stored?.version ?? null }],
  };
}

/** Seconds until the next UTC day begins; at least 1. */
export function secondsToMidnight(at: string): number {
  return Math.ceil((DAY_MS - (Date.parse(at) % DAY_MS)) / 1_000);
}
