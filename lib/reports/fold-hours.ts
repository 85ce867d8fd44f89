import type { Entry } from '#lib/ledger/entry';
import type { DayStore, MoneyStore } from '#lib/ports';
import { type Folded, startFold } from '#lib/reports/fold-entries';
import { HOUR_MS, hourEnd, hourOf, later } from '#lib/reports/utc-periods';

export interface EntrySources {
  readonly days: DayStore;
  readonly money: MoneyStore;
}

/** Entries of one read. */
const PAGE = 1_000;
/** Of one day: a hundred million entries. */
const PAGES_MAX = 100_000;

/** Each hour of a part of one day, oldest first, empty ones too; `from` and `to` are whole hours. */
export async function* foldHours(
  sources: EntrySources,
  range: { readonly from: string; readonly to: string },
): AsyncGenerator<{ readonly from: string; readonly folded: Folded }> {
  const money = await sources.money.between(range);
  let from = range.from;
  let fold = startFold();
  const finish = (): { from: string; folded: Folded } => {
    const period = hourOf(from);
    const moved = money.filter(({ at }) => hourOf(at) === period);
    const finished = { from, folded: fold.finish(period, moved) };
    from = later(from, HOUR_MS);
    fold = startFold();
    return finished;
  };
  for await (const entry of entriesBetween(sources.days, range)) {
    while (entry.createdAt >= hourEnd(from)) yield finish();
    fold.add(entry);
  }
  while (from < range.to) yield finish();
}

/** All entries of a part of one day, oldest first, a page at a time. */
export async function* entriesBetween(
  days: DayStore,
  range: { readonly from: string; readonly to: string },
): AsyncGenerator<Entry> {
  let after: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { entries, next } = await days.page({ ...range, after, limit: PAGE });
    yield* entries;
    if (next === null) return;
    after = next;
  }
  throw new RangeError(`a day has more than ${PAGES_MAX} pages`);
}
