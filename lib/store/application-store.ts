import type { ApplicationStore } from '#lib/ports';
import { APPLICATION_PREFIX, keyPart } from '#lib/store/keys';
import { numberedPage } from '#lib/store/numbered-items';
import { getItem, queryPage } from '#lib/store/read';
import {
  applicationsPartition,
  projectPartition,
  recordFromItem,
  recordKey,
} from '#lib/store/records';
import type { Table } from '#lib/store/table';

/** A user's applications through the index; a project's in the table itself, where none can be missed. */
export function createApplicationStore(table: Table): ApplicationStore {
  return {
    page: async ({ userId, upTo, offset, limit }) => {
      const item = await getItem(table, recordKey({ record: 'applicationCount', id: { userId } }));
      const total = item ? recordFromItem('applicationCount', item).value.count : 0;
      const partition = applicationsPartition(userId);
      const items = await numberedPage(table, { partition, total, upTo, offset, limit });
      const applications = items.map((each) => recordFromItem('application', each).value);
      return { applications, total };
    },
    ofProject: async ({ projectId, after, limit }) => {
      const pk = projectPartition(projectId);
      const { items, next } = await queryPage(table, {
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': pk, ':prefix': APPLICATION_PREFIX },
        ConsistentRead: true,
        Limit: limit,
        ...(after !== null && {
          ExclusiveStartKey: { pk, sk: `${APPLICATION_PREFIX}${keyPart(after)}` },
        }),
      });
      const applications = items.map((item) => recordFromItem('application', item).value);
      return {
        applications,
        next: next ? (applications.at(-1)?.userId ?? null) : null,
      };
    },
  };
}
