import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createClock, type Clock } from '#infra/local/clock';
import { startDynamoDb, type DynamoDb } from '#infra/local/dynamodb/start-dynamo-db';
import type { TableTemplate } from '#infra/local/dynamodb/tables';
import { openState } from '#infra/local/state';
import { tableSchema } from '#lib/store/schema';

/** What an SDK client needs to talk to a test's table: `new DynamoDBClient(table.config)`. */
export interface TestClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface TestTable {
  readonly config: TestClientConfig;
  readonly tableName: string;
  readonly dynamo: DynamoDb;
  /** For what only a test does: to look at items and change them past the store. */
  readonly documents: DynamoDBDocumentClient;
  /** The clock that TTL follows. */
  readonly clock: Clock;
  close(): Promise<void>;
}

/**
 * A real table engine with the project's table, empty, for one test file: about 20 ms. It dies with
 * the test process even when `close` is never reached.
 */
export async function openTestTable(): Promise<TestTable> {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-table-'));
  const state = openState(':memory:');
  const clock = createClock(state);
  const dynamo = await startDynamoDb({ file: join(folder, 'table.db'), clock });
  const tableName = 'ledger';
  await dynamo.createTable(testTableTemplate(tableName));
  const config = testClientConfig(dynamo.url);
  return {
    config,
    tableName,
    dynamo,
    documents: DynamoDBDocumentClient.from(new DynamoDBClient(config)),
    clock,
    async close() {
      await dynamo.close();
      state.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function testClientConfig(endpoint: string): TestClientConfig {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { endpoint, region: 'us-east-1', credentials };
}

/** The project's table (DESIGN 4) under a name of the test's choice; it can be deleted. */
export function testTableTemplate(
  tableName: string,
): TableTemplate & Pick<CreateTableCommandInput, 'TableName'> {
  const { partitionKey, sortKey, indexes } = tableSchema;
  const names = [partitionKey, sortKey, ...indexes.flatMap((i) => [i.partitionKey, i.sortKey])];
  return {
    TableName: tableName,
    AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: keySchema(tableSchema),
    GlobalSecondaryIndexes: indexes.map((index) => ({
      IndexName: index.name,
      KeySchema: keySchema(index),
      Projection: { ProjectionType: index.projection },
    })),
    StreamSpecification: { StreamViewType: tableSchema.stream },
    TimeToLiveSpecification: { AttributeName: tableSchema.ttlAttribute, Enabled: true },
  };
}

function keySchema(keys: { readonly partitionKey: string; readonly sortKey: string }) {
  return [
    { AttributeName: keys.partitionKey, KeyType: 'HASH' as const },
    { AttributeName: keys.sortKey, KeyType: 'RANGE' as const },
  ];
}
