import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { ReconciliationStore } from '#lib/ports';
import { reconciliationPartition, recordFromItem } from '#lib/store/records';
import type { Table } from '#lib/store/table';

/** Reports of comparisons with the providers' records, from the table itself. */
export function createReconciliationStore(table: Table): ReconciliationStore {
  return {
    latest: async ({ provider, limit }) => {
      const { Items = [] } = await table.client.send(
        new QueryCommand({
          TableName: table.name,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': reconciliationPartition(provider) },
          ConsistentRead: true,
          ScanIndexForward: false,
          Limit: limit,
        }),
      );
      return Items.map((item) => recordFromItem('reconciliation', item).value);
    },
  };
}
