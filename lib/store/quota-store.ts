import type { QuotaStore } from '#lib/ports';
import { userPartition } from '#lib/store/keys';
import { queryAll } from '#lib/store/read';
import { QUOTA_PREFIX, recordFromItem } from '#lib/store/records';
import type { Table } from '#lib/store/table';

/** All counters of a user: one item for each feature that was ever used (DESIGN 4). */
export function createQuotaStore(table: Table): QuotaStore {
  return {
    countersOf: async (userId) => {
      const items = await queryAll(table, {
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': userPartition(userId), ':prefix': QUOTA_PREFIX },
        ConsistentRead: true,
      });
      return items.map((item) => recordFromItem('quotaCounter', item).value);
    },
  };
}
