import type { EntryFilter } from '#lib/exports/export-task';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const DAYS_MAX = 3_653;

/** What is asked for, with a period: by default the last 30 days; nothing that lies ahead of now. */
export function exportFilterOf(
  asked: Omit<EntryFilter, 'from' | 'to'> & {
    readonly from: string | null;
    readonly to: string | null;
  },
  now: string,
): EntryFilter | 'backwards' | 'too_long' {
  // The end is excluded, and what was done at this very instant belongs to "until now".
  const end = isoOf(Date.parse(now) + 1);
  const to = asked.to === null || asked.to > end ? end : asked.to;
  const from = asked.from ?? isoOf(Date.parse(to) - DEFAULT_DAYS * DAY_MS);
  if (from >= (asked.to ?? end)) return 'backwards';
  if (Date.parse(to) - Date.parse(from) > DAYS_MAX * DAY_MS) return 'too_long';
  return { ...asked, from, to };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
