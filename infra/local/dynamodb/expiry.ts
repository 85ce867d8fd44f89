import type { Clock } from '#infra/local/clock';
import type { StreamLog } from '#infra/local/dynamodb/stream-log';
import { isObject, listAt, objectAt, textAt, type Json } from '#infra/local/dynamodb/json';
import type { KeySchemas } from '#infra/local/dynamodb/item-keys';
import { EngineError, type EngineClient } from '#infra/local/dynamodb/wire';

/** DynamoDB leaves items alone whose time is further back: a guard against seconds taken for milliseconds. */
const OLDEST_EXPIRY_S = 5 * 365 * 24 * 60 * 60;

interface Sweeper {
  readonly engine: EngineClient;
  readonly schemas: KeySchemas;
  readonly clock: Clock;
  readonly streamLog: StreamLog;
}

/** Deletes what its table's TTL attribute says has expired by the stack's clock; gives the number of items. */
export async function sweepExpiredItems(sweeper: Sweeper): Promise<number> {
  let deleted = 0;
  for (const table of await tableNames(sweeper.engine)) {
    const attribute = await ttlAttribute(sweeper.engine, table);
    if (attribute !== undefined) deleted += await sweepTable(sweeper, { table, attribute });
  }
  return deleted;
}

async function tableNames(engine: EngineClient): Promise<readonly string[]> {
  const names: string[] = [];
  let last: string | undefined;
  do {
    const page: Json = await engine.ask(
      'ListTables',
      last === undefined ? {} : { ExclusiveStartTableName: last },
    );
    names.push(...listAt(page, 'TableNames').filter((name) => typeof name === 'string'));
    last = textAt(page, 'LastEvaluatedTableName');
  } while (last !== undefined);
  return names;
}

async function ttlAttribute(engine: EngineClient, table: string): Promise<string | undefined> {
  const answer = await engine.ask('DescribeTimeToLive', { TableName: table });
  const description = objectAt(answer, 'TimeToLiveDescription');
  const isOn = textAt(description, 'TimeToLiveStatus') === 'ENABLED';
  return isOn ? textAt(description, 'AttributeName') : undefined;
}

async function sweepTable(
  sweeper: Sweeper,
  { table, attribute }: { readonly table: string; readonly attribute: string },
): Promise<number> {
  const schema = (await sweeper.schemas.of(table)) ?? [];
  const names = Object.fromEntries(schema.map((name, index) => [`#k${index}`, name]));
  const nowS = Math.floor(sweeper.clock.now().getTime() / 1000);
  let deleted = 0;
  let start: Json | undefined;
  do {
    const page: Json = await sweeper.engine.ask('Scan', {
      TableName: table,
      ConsistentRead: true,
      FilterExpression: 'attribute_type(#ttl, :number) AND #ttl <= :now AND #ttl > :oldest',
      ProjectionExpression: [...Object.keys(names), '#ttl'].join(', '),
      ExpressionAttributeNames: { ...names, '#ttl': attribute },
      ExpressionAttributeValues: {
        ':number': { S: 'N' },
        ':now': { N: String(nowS) },
        ':oldest': { N: String(nowS - OLDEST_EXPIRY_S) },
      },
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    const expired = listAt(page, 'Items').filter(isObject);
    deleted += await deleteItems(sweeper, { table, attribute, schema, items: expired });
    start = objectAt(page, 'LastEvaluatedKey');
  } while (start !== undefined);
  return deleted;
}

async function deleteItems(
  { engine, streamLog }: Sweeper,
  expired: {
    readonly table: string;
    readonly attribute: string;
    readonly schema: readonly string[];
    readonly items: readonly Json[];
  },
): Promise<number> {
  const { table, attribute, schema, items } = expired;
  if (items.length === 0) return 0;
  const keys = items.map((item) => Object.fromEntries(schema.map((name) => [name, item[name]])));
  return streamLog.asExpiry(
    keys.map((key) => ({ table, key })),
    async () => {
      let deleted = 0;
      for (const [index, key] of keys.entries()) {
        const isDeleted = await deleteIfUnchanged(engine, {
          TableName: table,
          Key: key,
          // Somebody may have given it more time since it was read.
          ConditionExpression: '#ttl = :seen',
          ExpressionAttributeNames: { '#ttl': attribute },
          ExpressionAttributeValues: { ':seen': items[index]?.[attribute] },
        });
        if (isDeleted) deleted += 1;
      }
      return deleted;
    },
  );
}

async function deleteIfUnchanged(engine: EngineClient, input: Json): Promise<boolean> {
  try {
    await engine.ask('DeleteItem', input);
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ConditionalCheckFailedException')
      return false;
    throw error;
  }
}
