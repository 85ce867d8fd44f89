import * as z from 'zod';
import type { LedgerStore } from '#lib/ports';
import { loadProgress } from '#lib/reports/progress';
import { DAY_MS, dayEnd, dayOf, dayStart, earliest, later, latest } from '#lib/reports/utc-periods';

/** Where a list of everybody's records goes on: below a place in a day, which an index sorts by time and id. */
export const dayPlaceSchema = z.strictObject({
  day: z.iso.date(),
  /** Null at the day's end. */
  after: z.string().min(1).max(120).nullable(),
});
export type DayPlace = Readonly<z.infer<typeof dayPlaceSchema>>;

/** A list over all days, newest first. Instants are ISO 8601 UTC with milliseconds. */
export interface DaysBack<T> {
  readonly now: string;
  /** Inclusive. */
  readonly from?: string | undefined;
  /** Exclusive. */
  readonly to?: string | undefined;
  /** No day before it has a record. */
  readonly first: string;
  readonly place: DayPlace | null;
  readonly limit: number;
  /** Whether filters let only few of the records through. */
  readonly isSparse: boolean;
  /** A page of one day, newest first; it may be shorter than `limit` and not the last. */
  readonly read: (query: {
    readonly from: string;
    readonly to: string;
    readonly after: string | null;
    readonly limit: number;
  }) => Promise<{ readonly items: readonly T[]; readonly next: string | null }>;
  readonly matches: (item: T) => boolean;
  /** Its place in its day, as `after` names it. */
  readonly placeOf: (item: T) => string;
}

/** Reads of one answer: each asks all shards of a day once, so that a quiet month is passed in one answer. */
const READS_MAX = 40;
/** Records of one read where filters let few of them through. */
const SPARSE_READ = 400;

/**
 * Records that match, day after day back. One answer reads a bounded part of the days: where filters are rare it may
 * hold few records, or none, and still have a next one.
 */
export async function readDaysBack<T>(
  list: DaysBack<T>,
): Promise<{ readonly items: readonly T[]; readonly next: DayPlace | null }> {
  const { isSparse, limit, now, place } = list;
  const to = earliest(list.to ?? later(now, 1), later(now, 1));
  const from = latest(list.from ?? list.first, list.first);
  const items: T[] = [];
  let day = place === null ? dayStart(later(to, -1)) : `${place.day}T00:00:00.000Z`;
  let after = place?.after ?? null;
  for (let read = 0; read < READS_MAX && dayEnd(day) > from; read += 1) {
    const range = { from: latest(from, day), to: earliest(to, dayEnd(day)) };
    if (range.from >= range.to) return { items, next: null };
    const page = await list.read({ ...range, after, limit: isSparse ? SPARSE_READ : limit });
    const shown = page.items.filter(list.matches).slice(0, limit - items.length);
    items.push(...shown);
    const last = shown.at(-1);
    if (items.length === limit && last) {
      return { items, next: { day: dayOf(day), after: list.placeOf(last) } };
    }
    after = page.next;
    if (after === null) day = later(day, -DAY_MS);
  }
  return { items, next: dayEnd(day) > from ? { day: dayOf(day), after } : null };
}

/** How far a list goes back where neither it nor the rollups say when the ledger began. */
const DAYS_BACK = 31;

/** The day of the ledger's first entry, as far as the rollups know it. */
export async function firstDay(
  deps: { readonly store: Pick<LedgerStore, 'load'> },
  now: string,
): Promise<string> {
  const known = await loadProgress(deps);
  if (known) return `${known.progress.startedOn}T00:00:00.000Z`;
  return later(dayStart(now), -DAYS_BACK * DAY_MS);
}
