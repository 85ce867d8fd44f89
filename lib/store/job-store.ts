import * as z from 'zod';
import type { JobStore } from '#lib/ports';
import { queryAll, queryPage } from '#lib/store/read';
import { jobPartition, jobRowKey, OPEN_JOBS_PARTITION, recordFromItem } from '#lib/store/records';
import type { Table } from '#lib/store/table';

const jobKeys = z.object({ pk: z.string().startsWith('JOB#') });

/** Jobs that are open, through the sparse index, and what became of their rows (DESIGN 4). */
export function createJobStore(table: Table): JobStore {
  return {
    silentSince: async ({ before, limit }) => {
      const { items } = await queryPage(table, {
        IndexName: 'gsi4',
        KeyConditionExpression: 'gsi4pk = :pk AND gsi4sk < :before',
        ExpressionAttributeValues: { ':pk': OPEN_JOBS_PARTITION, ':before': before },
        Limit: limit,
      });
      return items.map((item) => jobKeys.parse(item).pk.slice('JOB#'.length));
    },
    rows: async ({ jobId, first, last }) => {
      const items = await queryAll(table, {
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
        ExpressionAttributeValues: {
          ':pk': jobPartition(jobId),
          ':first': jobRowKey({ jobId, row: first }).sk,
          ':last': jobRowKey({ jobId, row: last }).sk,
        },
        ConsistentRead: true,
      });
      return items.map((item) => recordFromItem('jobRow', item).value);
    },
  };
}
