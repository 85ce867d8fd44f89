import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { ItemValue } from '#lib/store/names';
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
  let start: Record<string, unknown> | undefined;
  for (let query = 0; query < QUERIES_MAX && items.length < count; query += 1) {
    const answer = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: index,
        KeyConditionExpression: after === null ? '#pk = :pk' : '#pk = :pk AND #sk < :after',
        ExpressionAttributeNames: {
          '#pk': `${index}pk`,
          ...(after !== null && { '#sk': `${index}sk` }),
        },
        ExpressionAttributeValues: { ':pk': partition, ...(after !== null && { ':after': after }) },
        ScanIndexForward: false,
        Limit: count - items.length,
        ...(start && { ExclusiveStartKey: start }),
      }),
    );
    items.push(...(answer.Items ?? []));
    start = answer.LastEvaluatedKey;
    if (!start) break;
  }
  return items;
}
