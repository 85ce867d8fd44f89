import {
  BatchGetItemCommand,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { invariant } from '#lib/invariant';
import { startBackoff } from '#lib/store/backoff';
import type { Key } from '#lib/store/keys';
import type { ItemValue } from '#lib/store/names';
import { BATCH_GET_KEYS_MAX, type Table } from '#lib/store/table';

// 1 MB each: more history than a proof in one request can carry.
const PAGES_MAX = 5_000;

/** A query of the table or one of its indexes, with the SDK's names and plain values. */
export interface Query extends Omit<
  QueryCommandInput,
  'TableName' | 'ExpressionAttributeValues' | 'ExclusiveStartKey'
> {
  readonly ExpressionAttributeValues: ItemValue;
  readonly ExclusiveStartKey?: ItemValue | undefined;
}

/** What one answer holds: 1 MB at most. */
export interface QueryPage {
  readonly items: readonly ItemValue[];
  /** The key behind which it goes on; undefined at the end. */
  readonly next: ItemValue | undefined;
}

/** One item, strongly consistent, or null. */
export async function getItem(table: Table, key: Key): Promise<ItemValue | null> {
  const input = { TableName: table.name, Key: marshall(key), ConsistentRead: true };
  const { Item } = await table.client.send(new GetItemCommand(input));
  return Item ? unmarshall(Item) : null;
}

/** Several items in one round trip, strongly consistent, in the order of their keys; null where there is none. */
export async function getItems(
  table: Table,
  keys: readonly Key[],
): Promise<readonly (ItemValue | null)[]> {
  if (keys.length === 0) return [];
  invariant(keys.length <= BATCH_GET_KEYS_MAX, 'one decision reads one batch');
  const found = new Map<string, ItemValue>();
  const backoff = startBackoff(table);
  let Keys = [...new Map(keys.map((key) => [nameOf(key), marshall(key)])).values()];
  for (;;) {
    const RequestItems = { [table.name]: { Keys, ConsistentRead: true } };
    const answer = await table.client.send(new BatchGetItemCommand({ RequestItems }));
    for (const stored of answer.Responses?.[table.name] ?? []) {
      const item = unmarshall(stored);
      found.set(nameOf(item), item);
    }
    Keys = answer.UnprocessedKeys?.[table.name]?.Keys ?? [];
    if (Keys.length === 0) return keys.map((key) => found.get(nameOf(key)) ?? null);
    await backoff.wait();
  }
}

/** One answer to a query. */
export async function queryPage(table: Table, query: Query): Promise<QueryPage> {
  const { ExclusiveStartKey: start, ExpressionAttributeValues: values } = query;
  const input = {
    ...query,
    TableName: table.name,
    ExpressionAttributeValues: marshall(values),
    ExclusiveStartKey: start && marshall(start),
  };
  const { Items = [], LastEvaluatedKey: last } = await table.client.send(new QueryCommand(input));
  return { items: Items.map((item) => unmarshall(item)), next: last && unmarshall(last) };
}

/** Every item of a query, page after page. */
export async function queryAll(
  table: Table,
  query: Omit<Query, 'ExclusiveStartKey'>,
): Promise<readonly ItemValue[]> {
  const items: ItemValue[] = [];
  let start: ItemValue | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await queryPage(table, { ...query, ExclusiveStartKey: start });
    items.push(...answer.items);
    start = answer.next;
    if (!start) return items;
  }
  throw new RangeError(`a query has more than ${PAGES_MAX} pages`);
}

/** The first item of a query, or null. */
export async function queryFirst(
  table: Table,
  query: Omit<Query, 'Limit'>,
): Promise<ItemValue | null> {
  const { items } = await queryPage(table, { ...query, Limit: 1 });
  return items[0] ?? null;
}

function nameOf(item: { readonly pk?: unknown; readonly sk?: unknown }): string {
  return `${String(item.pk)}\n${String(item.sk)}`;
}
