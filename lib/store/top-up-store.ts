import * as z from 'zod';
import type { TopUpStore } from '#lib/ports';
import { queryPage } from '#lib/store/read';
import { DUE_TOPUPS_PARTITION } from '#lib/store/records';
import type { Table } from '#lib/store/table';

const dueKeys = z.object({ gsi4sk: z.string().transform((sk) => sk.split('#')) });

/** Automatic top-ups by when they have to be looked at, through the sparse index (DESIGN 4). */
export function createTopUpStore(table: Table): TopUpStore {
  return {
    dueBy: async ({ limit, now }) => {
      const { items } = await queryPage(table, {
        IndexName: 'gsi4',
        KeyConditionExpression: 'gsi4pk = :pk AND gsi4sk < :until',
        // Behind every key of that moment, which goes on with `#`.
        ExpressionAttributeValues: { ':pk': DUE_TOPUPS_PARTITION, ':until': `${now}$` },
        Limit: limit,
      });
      return items.map((item) => {
        const [, userId = '', creditType = ''] = dueKeys.parse(item).gsi4sk;
        return { userId, creditType };
      });
    },
  };
}
