import type { PurchaseStore } from '#lib/ports';
import { numberedPage } from '#lib/store/numbered-items';
import { getItem } from '#lib/store/read';
import { purchasesPartition, recordFromItem, recordKey } from '#lib/store/records';
import type { Table } from '#lib/store/table';

/** A user's purchases through the index: numbers without gaps make any page one bounded query (DESIGN 4). */
export function createPurchaseStore(table: Table): PurchaseStore {
  return {
    page: async ({ userId, upTo, offset, limit }) => {
      const item = await getItem(table, recordKey({ record: 'purchaseCount', id: { userId } }));
      const total = item ? recordFromItem('purchaseCount', item).value.count : 0;
      const partition = purchasesPartition(userId);
      const items = await numberedPage(table, { partition, total, upTo, offset, limit });
      return { purchases: items.map((each) => recordFromItem('purchase', each).value), total };
    },
  };
}
