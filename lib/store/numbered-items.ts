import { startBackoff } from '#lib/store/backoff';
import { sequenceKey } from '#lib/store/keys';
import type { ItemValue } from '#lib/store/names';
import { queryAll } from '#lib/store/read';
import type { Table } from '#lib/store/table';

// An index is a moment behind its table; three more looks cover what DynamoDB usually needs.
const REREADS_MAX = 3;

/**
 * Items of a gsi1 partition that are numbered from 1 without gaps, newest first: any page is one bounded query
 * (DESIGN 4). `total` is how many there are, from the table; `upTo` keeps a list that somebody goes through in place.
 */
export async function numberedPage(
  table: Table,
  list: {
    readonly partition: string;
    readonly total: number;
    readonly upTo?: number | undefined;
    /** Items to skip from the newest. */
    readonly offset: number;
    readonly limit: number;
  },
): Promise<readonly ItemValue[]> {
  const { limit, offset, partition, total, upTo } = list;
  const last = Math.min(total, upTo ?? total) - offset;
  if (last < 1) return [];
  const first = Math.max(1, last - limit + 1);
  const backoff = startBackoff(table);
  for (let reread = 0; ; reread += 1) {
    const items = await queryAll(table, {
      IndexName: 'gsi1',
      KeyConditionExpression: 'gsi1pk = :pk AND gsi1sk BETWEEN :first AND :last',
      ExpressionAttributeValues: {
        ':pk': partition,
        ':first': sequenceKey(first),
        ':last': sequenceKey(last),
      },
      ScanIndexForward: false,
    });
    // Numbers have no gaps, so a short answer means that the index has not caught up with the count yet.
    if (items.length === last - first + 1 || reread === REREADS_MAX) return items;
    await backoff.wait();
  }
}
