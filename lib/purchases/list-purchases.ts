import type { LedgerStore, PurchaseStore, RecentPurchaseStore } from '#lib/ports';
import type { Purchase } from '#lib/purchases/purchase';
import { type PurchaseStatus, statusOf } from '#lib/purchases/purchase-status';
import { type DayPlace, firstDay, readDaysBack } from '#lib/reports/days-back';
import { DAY_MS, later } from '#lib/reports/utc-periods';

export interface PurchaseFilter {
  readonly status?: PurchaseStatus | undefined;
  readonly provider?: Purchase['provider'] | undefined;
  /** By when it began: inclusive, ISO 8601 UTC with milliseconds. */
  readonly from?: string | undefined;
  /** Exclusive. */
  readonly to?: string | undefined;
}

export interface FoundPurchases<P> {
  /** Newest first. */
  readonly purchases: readonly Purchase[];
  readonly next: P | null;
}

/** Longer than any page or order stays open. */
const UNPAID_MS = 7 * DAY_MS;

/** Everybody's purchases that match, newest first, day after day back (DESIGN 5). */
export async function listPurchases(
  deps: {
    readonly recentPurchases: RecentPurchaseStore;
    readonly store: Pick<LedgerStore, 'load'>;
  },
  query: PurchaseFilter & {
    readonly now: string;
    readonly place: DayPlace | null;
    readonly limit: number;
  },
): Promise<FoundPurchases<DayPlace>> {
  const { items, next } = await readDaysBack<Purchase>({
    ...query,
    // A purchase that is not paid yet may be older than the first entry.
    first: later(await firstDay(deps, query.now), -UNPAID_MS),
    isSparse: query.status !== undefined || query.provider !== undefined,
    read: async (range) => {
      const page = await deps.recentPurchases.page(range);
      return { items: page.purchases, next: page.next };
    },
    matches: (purchase) => matches(purchase, query),
    placeOf: ({ createdAt, id }) => `${createdAt}#${id}`,
  });
  return { purchases: items, next };
}

/** Purchases of one answer that are looked at where filters let few of them through. */
const LOOKED_AT = 400;

/** One user's purchases that match. `upTo` is the number of the newest one to look at, or null for all. */
export async function listUserPurchases(
  deps: { readonly purchases: PurchaseStore },
  query: PurchaseFilter & {
    readonly userId: string;
    readonly upTo: number | null;
    readonly limit: number;
  },
): Promise<FoundPurchases<number>> {
  const { limit, upTo, userId } = query;
  const { purchases: read } = await deps.purchases.page({
    userId,
    ...(upTo !== null && { upTo }),
    offset: 0,
    limit: isFiltered(query) ? LOOKED_AT : limit,
  });
  const purchases = read.filter((purchase) => matches(purchase, query)).slice(0, limit);
  const last = purchases.length === limit ? purchases.at(-1) : read.at(-1);
  const next = (last?.number ?? 1) - 1;
  return { purchases, next: next > 0 ? next : null };
}

function isFiltered({ from, provider, status, to }: PurchaseFilter): boolean {
  return [from, provider, status, to].some((each) => each !== undefined);
}

function matches(purchase: Purchase, { from, provider, status, to }: PurchaseFilter): boolean {
  return (
    (status === undefined || statusOf(purchase) === status) &&
    (provider === undefined || purchase.provider === provider) &&
    (from === undefined || purchase.createdAt >= from) &&
    (to === undefined || purchase.createdAt < to)
  );
}
