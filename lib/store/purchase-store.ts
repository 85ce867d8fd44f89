import type { Purchase } from '#lib/purchases/purchase';
import type { PurchaseStore } from '#lib/ports';
import { startBackoff } from '#lib/store/backoff';
import { sequenceKey } from '#lib/store/keys';
import { getItem, queryAll } from '#lib/store/read';
import { purchasesPartition, recordFromItem, recordKey } from '#lib/store/records';
import type { Table } from '#lib/store/table';

// An index is a moment behind its table; three more looks cover what DynamoDB usually needs.
const REREADS_MAX = 3;

/** A user's purchases through the index: numbers without gaps make any page one bounded query (DESIGN 4). */
export function createPurchaseStore(table: Table): PurchaseStore {
  return {
    page: async ({ userId, upTo, offset, limit }) => {
      const item = await getItem(table, recordKey({ record: 'purchaseCount', id: { userId } }));
      const total = item ? recordFromItem('purchaseCount', item).value.count : 0;
      const last = Math.min(total, upTo ?? total) - offset;
      if (last < 1) return { purchases: [], total };
      const first = Math.max(1, last - limit + 1);
      return { purchases: await purchasesNumbered(table, { userId, first, last }), total };
    },
  };
}

async function purchasesNumbered(
  table: Table,
  range: { readonly userId: string; readonly first: number; readonly last: number },
): Promise<readonly Purchase[]> {
  const { userId, first, last } = range;
  const backoff = startBackoff(table);
  for (let reread = 0; ; reread += 1) {
    const items = await queryAll(table, {
      IndexName: 'gsi1',
      KeyConditionExpression: 'gsi1pk = :pk AND gsi1sk BETWEEN :first AND :last',
      ExpressionAttributeValues: {
        ':pk': purchasesPartition(userId),
        ':first': sequenceKey(first),
        ':last': sequenceKey(last),
      },
      ScanIndexForward: false,
    });
    // Numbers have no gaps, so a short answer means that the index has not caught up with the count yet.
    if (items.length === last - first + 1 || reread === REREADS_MAX) {
      return items.map((item) => recordFromItem('purchase', item).value);
    }
    await backoff.wait();
  }
}
