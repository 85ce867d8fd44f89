import type { EntryFilter, ExportPosition } from '#lib/exports/export-task';
import type { Entry } from '#lib/ledger/entry';
import type { DayStore } from '#lib/ports';

const DAY_MS = 86_400_000;
/** A page of a busy day is some 500 KB of items. */
const PAGE_ENTRIES = 500;

export interface EntryBatch {
  /** Those that match, oldest first. */
  readonly entries: readonly Entry[];
  /** Where the next page begins; null at the end of the period. */
  readonly next: ExportPosition | null;
}

/** One page of the entries of a period, and those of it that match; a day without entries is a page, too. */
export async function readEntries(
  days: DayStore,
  filter: EntryFilter,
  position: ExportPosition,
): Promise<EntryBatch> {
  const midnight = nextMidnight(position.from);
  const to = midnight < filter.to ? midnight : filter.to;
  const { after, from } = position;
  const page = await days.page({ from, to, after, limit: PAGE_ENTRIES });
  const next =
    page.next !== null
      ? { from, after: page.next }
      : to < filter.to
        ? { from: to, after: null }
        : null;
  return { entries: page.entries.filter((entry) => matches(entry, filter)), next };
}

function matches(entry: Entry, { actor, creditType, type, userId }: EntryFilter): boolean {
  return (
    (userId === null || entry.userId === userId) &&
    (creditType === null || entry.creditType === creditType) &&
    (type === null || entry.type === type) &&
    (actor === null || entry.actor === actor)
  );
}

function nextMidnight(instant: string): string {
  return new Date(Math.floor(Date.parse(instant) / DAY_MS) * DAY_MS + DAY_MS).toISOString();
}
