import type { ReconciliationStore } from '#lib/ports';
import { queryPage } from '#lib/store/read';
import { reconciliationPartition, recordFromItem } from '#lib/store/records';
import type { Table } from '#lib/store/table';

/** Reports of comparisons with the providers' records, from the table itself. */
export function createReconciliationStore(table: Table): ReconciliationStore {
  return {
    latest: async ({ provider, limit }) => {
      const { items } = await queryPage(table, {
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': reconciliationPartition(provider) },
        ConsistentRead: true,
        ScanIndexForward: false,
        Limit: limit,
      });
      return items.map((item) => recordFromItem('reconciliation', item).value);
    },
  };
}
