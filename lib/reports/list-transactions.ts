import type { Entry, EntryType } from '#lib/ledger/entry';
import type { DayStore, HistoryStore, LedgerStore } from '#lib/ports';
import { type DayPlace, firstDay, readDaysBack } from '#lib/reports/days-back';

export interface TransactionFilter {
  readonly creditType?: string | undefined;
  readonly type?: EntryType | undefined;
  readonly actor?: string | undefined;
  /** Inclusive, ISO 8601 UTC with milliseconds. */
  readonly from?: string | undefined;
  /** Exclusive. */
  readonly to?: string | undefined;
}

export interface TransactionPage<P> {
  /** Newest first. */
  readonly entries: readonly Entry[];
  readonly next: P | null;
}

/** Everybody's entries that match, newest first, day after day back (DESIGN 5). */
export async function listTransactions(
  deps: { readonly days: DayStore; readonly store: Pick<LedgerStore, 'load'> },
  query: TransactionFilter & {
    readonly now: string;
    readonly place: DayPlace | null;
    readonly limit: number;
  },
): Promise<TransactionPage<DayPlace>> {
  const { items, next } = await readDaysBack<Entry>({
    ...query,
    first: await firstDay(deps, query.now),
    isSparse: [query.creditType, query.type, query.actor].some((each) => each !== undefined),
    read: async (range) => {
      const page = await deps.days.page({ ...range, newestFirst: true });
      return { items: page.entries, next: page.next };
    },
    matches: (entry) => matches(entry, query),
    placeOf,
  });
  return { entries: items, next };
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
