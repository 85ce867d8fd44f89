import type { Entry, EntryType } from '#lib/ledger/entry';
import type { DayStore, HistoryStore, LedgerStore } from '#lib/ports';
import { loadProgress } from '#lib/reports/progress';
import { DAY_MS, dayEnd, dayOf, dayStart, earliest, later, latest } from '#lib/reports/utc-periods';

export interface TransactionFilter {
  readonly creditType?: string | undefined;
  readonly type?: EntryType | undefined;
  readonly actor?: string | undefined;
  /** Inclusive, ISO 8601 UTC with milliseconds. */
  readonly from?: string | undefined;
  /** Exclusive. */
  readonly to?: string | undefined;
}

/** Where a list of everybody's entries goes on: below a place in a day. */
export interface DayPlace {
  readonly day: string;
  /** Null at the day's end. */
  readonly after: string | null;
}

export interface TransactionPage<P> {
  /** Newest first. */
  readonly entries: readonly Entry[];
  readonly next: P | null;
}

/** Reads of one answer: each asks all shards of a day once, so that a quiet month is passed in one answer. */
const READS_MAX = 40;
/** Entries of one read where filters let few of them through. */
const SPARSE_READ = 400;
/** How far a list goes back where neither it nor the rollups say when the ledger began. */
const DAYS_BACK = 31;

/**
 * Everybody's entries that match, newest first, day after day back (DESIGN 5). One answer reads a bounded part of the
 * ledger: where filters are rare it may hold few entries, or none, and still have a next one.
 */
export async function listTransactions(
  deps: { readonly days: DayStore; readonly store: Pick<LedgerStore, 'load'> },
  query: TransactionFilter & {
    readonly now: string;
    readonly place: DayPlace | null;
    readonly limit: number;
  },
): Promise<TransactionPage<DayPlace>> {
  const { now, place, limit } = query;
  const to = earliest(query.to ?? later(now, 1), later(now, 1));
  const first = await firstDay(deps, now);
  const from = latest(query.from ?? first, first);
  const isSparse = [query.creditType, query.type, query.actor].some((each) => each !== undefined);
  const entries: Entry[] = [];
  let day = place === null ? dayStart(later(to, -1)) : `${place.day}T00:00:00.000Z`;
  let after = place?.after ?? null;
  for (let read = 0; read < READS_MAX && dayEnd(day) > from; read += 1) {
    const range = { from: latest(from, day), to: earliest(to, dayEnd(day)) };
    if (range.from >= range.to) return { entries, next: null };
    const page = await deps.days.page({
      ...range,
      after,
      limit: isSparse ? SPARSE_READ : limit,
      newestFirst: true,
    });
    const matching = page.entries.filter((entry) => matches(entry, query));
    const shown = matching.slice(0, limit - entries.length);
    entries.push(...shown);
    const last = shown.at(-1);
    if (entries.length === limit && last) {
      return { entries, next: { day: dayOf(day), after: placeOf(last) } };
    }
    after = page.next;
    if (after === null) day = later(day, -DAY_MS);
  }
  return { entries, next: dayEnd(day) > from ? { day: dayOf(day), after } : null };
}

/** Where a list of one user's entries goes on, in each of the wallets. */
export interface WalletPlace {
  readonly creditType: string;
  readonly offset: number;
  readonly total: number;
}

/** One user's entries from the histories of their wallets: a page costs the same however long those are. */
export async function listUserTransactions(
  deps: { readonly history: HistoryStore; readonly store: Pick<LedgerStore, 'loadHeads'> },
  query: TransactionFilter & {
    readonly userId: string;
    readonly places: readonly WalletPlace[] | null;
    readonly limit: number;
  },
): Promise<TransactionPage<readonly WalletPlace[]>> {
  const { userId, limit, type, from, to } = query;
  const wallets = query.places ?? (await walletsOf(deps, query));
  const pages = await Promise.all(
    wallets.map(async ({ creditType, offset, total: asOfTotal }) => {
      const page = await deps.history.page({
        wallet: { userId, creditType },
        ...(type !== undefined && { type }),
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
        ...(asOfTotal !== null && { asOfTotal }),
        offset,
        limit,
      });
      return { creditType, offset, total: asOfTotal ?? page.total, entries: page.entries };
    }),
  );
  const read = pages
    .flatMap((page) => page.entries)
    .toSorted((a, b) => newerFirst(a, b))
    .slice(0, limit);
  const places = pages.map(({ creditType, offset, total }) => ({
    creditType,
    offset: offset + read.filter((entry) => entry.creditType === creditType).length,
    total,
  }));
  const isOver = places.every(({ offset, total }) => offset >= total) || read.length === 0;
  return {
    entries: read.filter((entry) => matches(entry, query)),
    next: isOver ? null : places,
  };
}

async function walletsOf(
  { store }: { readonly store: Pick<LedgerStore, 'loadHeads'> },
  { userId, creditType }: { readonly userId: string; readonly creditType?: string | undefined },
) {
  const types =
    creditType === undefined
      ? (await store.loadHeads(userId)).map((head) => head.creditType)
      : [creditType];
  return types.map((each) => ({ creditType: each, offset: 0, total: null }));
}

function matches(entry: Entry, { creditType, type, actor }: TransactionFilter): boolean {
  return (
    (creditType === undefined || entry.creditType === creditType) &&
    (type === undefined || entry.type === type) &&
    (actor === undefined || entry.actor === actor)
  );
}

/** By time; entries of one wallet in one instant by number. */
function newerFirst(a: Entry, b: Entry): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? 1 : -1;
  if (a.creditType !== b.creditType) return a.creditType < b.creditType ? 1 : -1;
  return b.seq - a.seq;
}

function placeOf(entry: Entry): string {
  return `${entry.createdAt}#${entry.id}`;
}

async function firstDay(
  deps: { readonly store: Pick<LedgerStore, 'load'> },
  now: string,
): Promise<string> {
  const known = await loadProgress(deps);
  if (known) return `${known.progress.startedOn}T00:00:00.000Z`;
  return later(dayStart(now), -DAYS_BACK * DAY_MS);
}
