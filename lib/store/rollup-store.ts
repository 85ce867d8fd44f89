import { invariant } from '#lib/invariant';
import type { RollupStore } from '#lib/ports';
import type { Rollup } from '#lib/reports/rollup';
import { queryAll } from '#lib/store/read';
import { recordFromItem, rollupKey } from '#lib/store/records';
import type { Table } from '#lib/store/table';

/** Years of days in one answer: more is a mistake. */
const MONTHS_MAX = 24;

/** Closed hours and days, strongly consistent, from the table itself. */
export function createRollupStore(table: Table): RollupStore {
  return {
    hours: ({ first, last }) => rollupsBetween(table, first, last),
    days: async ({ first, last }) => {
      const months = monthsBetween(first, last);
      const found = await Promise.all(
        months.map((month) => {
          const start = month === first.slice(0, 7) ? first : `${month}-01`;
          const end = month === last.slice(0, 7) ? last : `${month}-31`;
          return rollupsBetween(table, start, end);
        }),
      );
      return found.flat();
    },
  };
}

/** The rollups of one partition: the hours of a day, or the days of a month. */
async function rollupsBetween(
  table: Table,
  first: string,
  last: string,
): Promise<readonly Rollup[]> {
  const [low, high] = [rollupKey(first), rollupKey(last)];
  invariant(low.pk === high.pk, 'a query is of one partition');
  const items = await queryAll(table, {
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :low AND :high',
    ExpressionAttributeValues: { ':pk': low.pk, ':low': low.sk, ':high': high.sk },
    ConsistentRead: true,
  });
  return items.map((item) => recordFromItem('rollup', item).value);
}

function monthsBetween(first: string, last: string): readonly string[] {
  const months: string[] = [];
  const [year = 0, number = 1] = first.slice(0, 7).split('-').map(Number);
  for (let step = 0; step <= MONTHS_MAX; step += 1) {
    const month = new Date(Date.UTC(year, number - 1 + step, 1)).toISOString().slice(0, 7);
    if (month > last.slice(0, 7)) return months;
    months.push(month);
  }
  throw new RangeError(`rollups of more than ${MONTHS_MAX} months were asked for`);
}
