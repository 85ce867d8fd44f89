import { invariant } from '#lib/invariant';
import type { MoneyStore } from '#lib/ports';
import { queryAll } from '#lib/store/read';
import { moneyDayPartition, recordFromItem } from '#lib/store/records';
import type { Table } from '#lib/store/table';

const DAY_MS = 86_400_000;

/** What purchases brought in and gave back, by day, through the index (DESIGN 4). */
export function createMoneyStore(table: Table): MoneyStore {
  return {
    between: async ({ from, to }) => {
      const day = from.slice(0, 10);
      const end = Date.parse(`${day}T00:00:00.000Z`) + DAY_MS;
      invariant(from < to && Date.parse(to) <= end, 'a period within one UTC day');
      const items = await queryAll(table, {
        IndexName: 'gsi2',
        KeyConditionExpression: 'gsi2pk = :pk AND gsi2sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': moneyDayPartition(day), ':from': from, ':to': to },
      });
      return items.map((item) => recordFromItem('moneyMovement', item).value);
    },
  };
}
