import type { ItemValue } from '#lib/store/names';
import { queryPage } from '#lib/store/read';
import type { Table } from '#lib/store/table';

/** A page of quarantined events may hold 25 MB of bodies, which come in answers of 1 MB. */
const QUERIES_MAX = 200;

/** The first `count` items of an index partition whose sort keys begin with a time. */
export async function newestFirst(
  table: Table,
  list: {
    readonly index: string;
    readonly partition: string;
    /** Only what sorts below it. */
    readonly after: string | null;
    readonly count: number;
  },
): Promise<readonly ItemValue[]> {
  const { index, partition, after, count } = list;
  const items: ItemValue[] = [];
  let start: ItemValue | undefined;
  for (let query = 0; query < QUERIES_MAX && items.length < count; query += 1) {
    const answer = await queryPage(table, {
      IndexName: index,
      KeyConditionExpression: after === null ? '#pk = :pk' : '#pk = :pk AND #sk < :after',
      ExpressionAttributeNames: {
        '#pk': `${index}pk`,
        ...(after !== null && { '#sk': `${index}sk` }),
      },
      ExpressionAttributeValues: { ':pk': partition, ...(after !== null && { ':after': after }) },
      ScanIndexForward: false,
      Limit: count - items.length,
      ExclusiveStartKey: start,
    });
    items.push(...answer.items);
    start = answer.next;
    if (!start) break;
  }
  return items;
}
