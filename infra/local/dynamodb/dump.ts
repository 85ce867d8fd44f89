import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { canonical } from '#infra/local/dynamodb/canonical';
import { isObject, listAt, objectAt, type Json } from '#infra/local/dynamodb/json';
import type { EngineClient } from '#infra/local/dynamodb/wire';

/** An item in DynamoDB's JSON, its attributes in the order of their names. */
export type DumpedItem = Readonly<Record<string, AttributeValue>>;

/**
 * Every item of a table in one canonical form: items in the order of their keys, attributes and set
 * members sorted, so that two tables with the same content give the same text.
 */
export async function dumpTable(
  engine: EngineClient,
  table: { readonly name: string; readonly keys: readonly string[] },
): Promise<readonly DumpedItem[]> {
  const items: Json[] = [];
  let start: Json | undefined;
  do {
    const page: Json = await engine.ask('Scan', {
      TableName: table.name,
      ConsistentRead: true,
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    items.push(...listAt(page, 'Items').filter(isObject));
    start = objectAt(page, 'LastEvaluatedKey');
  } while (start !== undefined);
  const sortable = items.map((item) => ({
    item: canonical(item),
    key: JSON.stringify(table.keys.map((name) => item[name])),
  }));
  sortable.sort((a, b) => (a.key < b.key ? -1 : 1));
  return sortable.map(({ item }) => item).filter(isItem);
}

function isItem(value: unknown): value is DumpedItem {
  return isObject(value);
}
