import type { DayStore, LedgerStore } from '#lib/ports';
import type { RollupProgress } from '#lib/reports/rollup';
import { DAY_MS, dayEnd, dayOf, dayStart, later } from '#lib/reports/utc-periods';

export const PROGRESS = { record: 'rollupProgress', id: { of: 'ledger' } } as const;

/** How far back the first run looks for the ledger's first day; where that is longer ago, an operator names it. */
export const LOOK_BACK_DAYS = 400;
/** Days that are looked at in one go. */
const ABREAST = 20;

export interface FoundProgress {
  readonly progress: RollupProgress;
  /** Null where nothing is rolled up yet. */
  readonly version: number | null;
}

interface Sources {
  readonly store: Pick<LedgerStore, 'load'>;
  readonly days: DayStore;
}

/** How far the rollups are, or null before their first run. */
export async function loadProgress({
  store,
}: Pick<Sources, 'store'>): Promise<FoundProgress | null> {
  const stored = (await store.load([PROGRESS]))('rollupProgress', PROGRESS.id);
  return stored && { progress: stored.value, version: stored.version };
}

/** How far the rollups are; before their first run, that they begin with the first day that has an entry. */
export async function findProgress(
  sources: Sources,
  asked: { readonly now: string; readonly lookBackDays: number },
): Promise<FoundProgress> {
  const stored = await loadProgress(sources);
  if (stored) return stored;
  return { progress: progressFrom(await findFirstDay(sources.days, asked)), version: null };
}

/** Nothing is rolled up yet, and the ledger begins with this midnight. */
export function progressFrom(start: string): RollupProgress {
  return { startedOn: dayOf(start), rolledTo: start, checkedTo: start, closedTo: start };
}

async function findFirstDay(
  days: DayStore,
  { now, lookBackDays }: { readonly now: string; readonly lookBackDays: number },
): Promise<string> {
  const today = dayStart(now);
  for (let back = lookBackDays; back > 0; back -= ABREAST) {
    const group = Array.from({ length: Math.min(ABREAST, back) }, (_, index) =>
      later(today, -(back - index) * DAY_MS),
    );
    const pages = await Promise.all(
      group.map((from) => days.page({ from, to: dayEnd(from), after: null, limit: 1 })),
    );
    const found = group.find((_, index) => (pages[index]?.entries.length ?? 0) > 0);
    if (found !== undefined) return found;
  }
  return today;
}
