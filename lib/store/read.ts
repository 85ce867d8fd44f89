import {
  BatchGetCommand,
  GetCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { invariant } from '#lib/invariant';
import { startBackoff } from '#lib/store/backoff';
import type { Key } from '#lib/store/keys';
import type { ItemValue } from '#lib/store/names';
import { BATCH_GET_KEYS_MAX, type Table } from '#lib/store/table';

// 1 MB each: more history than a proof in one request can carry.
const PAGES_MAX = 5_000;

/** One item, strongly consistent, or null. */
export async function getItem(table: Table, key: Key): Promise<ItemValue | null> {
  const input = { TableName: table.name, Key: key, ConsistentRead: true };
  const { Item } = await table.client.send(new GetCommand(input));
  return Item ?? null;
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
  let pending: Record<string, unknown>[] = [
    ...new Map(keys.map((key) => [nameOf(key), { ...key }])).values(),
  ];
  for (;;) {
    const request = { [table.name]: { Keys: pending, ConsistentRead: true } };
    const answer = await table.client.send(new BatchGetCommand({ RequestItems: request }));
    for (const item of answer.Responses?.[table.name] ?? []) found.set(nameOf(item), item);
    pending = answer.UnprocessedKeys?.[table.name]?.Keys ?? [];
    if (pending.length === 0) return keys.map((key) => found.get(nameOf(key)) ?? null);
    await backoff.wait();
  }
}

/** Every item of a query, page after page. */
export async function queryAll(
  table: Table,
  query: Omit<QueryCommandInput, 'TableName' | 'ExclusiveStartKey'>,
): Promise<readonly ItemValue[]> {
  const items: ItemValue[] = [];
  let start: Record<string, unknown> | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const input = { ...query, TableName: table.name, ...(start && { ExclusiveStartKey: start }) };
    const answer = await table.client.send(new QueryCommand(input));
    items.push(...(answer.Items ?? []));
    start = answer.LastEvaluatedKey;
    if (!start) return items;
  }
  throw new RangeError(`a query has more than ${PAGES_MAX} pages`);
}

/** The first item of a query, or null. */
export async function queryFirst(
  table: Table,
  query: Omit<QueryCommandInput, 'TableName' | 'Limit'>,
): Promise<ItemValue | null> {
  const input = { ...query, TableName: table.name, Limit: 1 };
  const { Items = [] } = await table.client.send(new QueryCommand(input));
  return Items[0] ?? null;
}

function nameOf(item: { readonly pk?: unknown; readonly sk?: unknown }): string {
  return `${String(item.pk)}\n${String(item.sk)}`;
}
