import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { QuarantinePage, QuarantineStore } from '#lib/ports';
import type { ItemValue } from '#lib/store/names';
import { QUARANTINE_PARTITION, quarantinePartition, recordFromItem } from '#lib/store/records';
import type { Table } from '#lib/store/table';

/** A page of events may hold 25 MB of bodies, which come in answers of 1 MB. */
const QUERIES_MAX = 200;

/** Quarantined events, newest first, through the index (DESIGN 4). */
export function createQuarantineStore(table: Table): QuarantineStore {
  return {
    page: async ({ provider, after, offset, limit }) => {
      const source =
        provider === undefined
          ? { index: 'gsi1', partition: QUARANTINE_PARTITION }
          : { index: 'gsi3', partition: quarantinePartition(provider) };
      // One more than is shown tells whether there is a next page.
      const items = await newestFirst(table, { ...source, after, count: offset + limit + 1 });
      const shown = items.slice(offset, offset + limit);
      const last = shown.at(-1);
      const hasMore = items.length > offset + limit;
      return {
        events: shown.map((item) => recordFromItem('quarantinedEvent', item).value),
        next: hasMore && last ? String(last[`${source.index}sk`]) : null,
      } satisfies QuarantinePage;
    },
  };
}

async function newestFirst(
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
