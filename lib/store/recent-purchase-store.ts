import type { RecentPurchaseStore } from '#lib/ports';
import { newestFirst } from '#lib/store/newest-first';
import { queryAll } from '#lib/store/read';
import { purchaseDayPartition, recordFromItem } from '#lib/store/records';
import type { Table } from '#lib/store/table';

/** Everybody's purchases by day, through the index (DESIGN 4). */
export function createRecentPurchaseStore(table: Table): RecentPurchaseStore {
  return {
    createdOn: async (day) => {
      const items = await queryAll(table, {
        IndexName: 'gsi2',
        KeyConditionExpression: 'gsi2pk = :pk',
        ExpressionAttributeValues: { ':pk': purchaseDayPartition(day) },
      });
      return items.map((item) => recordFromItem('purchase', item).value);
    },
    page: async ({ from, to, after, limit }) => {
      const partition = purchaseDayPartition(from.slice(0, 10));
      // Sort keys begin with the time, so that the end of a period is itself a place: below it is before it.
      const place = after ?? to;
      const items = await newestFirst(table, {
        index: 'gsi2',
        partition,
        after: place,
        count: limit + 1,
      });
      const all = items.map((item) => recordFromItem('purchase', item).value);
      const purchases = all.slice(0, limit).filter(({ createdAt }) => createdAt >= from);
      const last = items[limit - 1];
      const hasMore = items.length > limit && purchases.length === limit;
      return { purchases, next: hasMore && last ? String(last['gsi2sk']) : null };
    },
  };
}
