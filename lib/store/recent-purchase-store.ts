import type { RecentPurchaseStore } from '#lib/ports';
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
  };
}
