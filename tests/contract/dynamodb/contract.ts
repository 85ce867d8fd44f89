import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  DynamoDBServiceException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  type AttributeValue,
  type CreateTableCommandInput,
  type DynamoDBClientConfig,
} from '@aws-sdk/client-dynamodb';
import type { TestContext } from 'vitest';
import type { TableTemplate } from '#infra/local/dynamodb/tables';
import { openTestTable, testTableTemplate, type TestTable } from '#tests/support/table';

const endpoint = process.env['DDB_CONTRACT_ENDPOINT'];
const TABLE_READY_MAX_S = 120;
const EVENTUALLY_TRIES_MAX = 300;

/**
 * What every check of the contract runs against: our engine and front, or the endpoint that
 * `DDB_CONTRACT_ENDPOINT` names (DynamoDB Local, AWS Emulator, an account of AWS with the
 * environment's credentials and region).
 */
export interface Contract {
  readonly client: DynamoDBClient;
  readonly config: DynamoDBClientConfig;
  /** The project's table, empty. */
  readonly table: string;
  /** Our own stack with its clock and switches; undefined at any other endpoint. */
  readonly stack: TestTable | undefined;
  /** Makes one more table and waits for it; it goes with `close`. */
  addTable(template: TableTemplate): Promise<string>;
  close(): Promise<void>;
}

export async function openContract(): Promise<Contract> {
  const stack = endpoint === undefined ? await openTestTable() : undefined;
  const config = stack?.config ?? remoteConfig();
  const client = new DynamoDBClient(config);
  const made: string[] = [];
  const addTable = async (template: TableTemplate): Promise<string> => {
    const name = `${template.TableName}-${randomUUID()}`;
    made.push(name);
    await createTable(client, { ...template, TableName: name });
    return name;
  };
  return {
    client,
    config,
    stack,
    table: stack?.tableName ?? (await addTable(testTableTemplate('ledger-contract'))),
    addTable,
    async close() {
      for (const name of made) await client.send(new DeleteTableCommand({ TableName: name }));
      client.destroy();
      await stack?.close();
    },
  };
}

function remoteConfig(): DynamoDBClientConfig {
  const base = { endpoint: endpoint ?? '', region: process.env['AWS_REGION'] ?? 'us-east-1' };
  if (process.env['AWS_ACCESS_KEY_ID'] !== undefined) return base;
  return { ...base, credentials: { accessKeyId: 'contract', secretAccessKey: 'contract' } };
}

async function createTable(client: DynamoDBClient, template: TableTemplate): Promise<void> {
  const { TimeToLiveSpecification: ttl, StreamSpecification: stream, ...rest } = template;
  const input: CreateTableCommandInput = {
    TableName: rest.TableName,
    KeySchema: [...rest.KeySchema],
    AttributeDefinitions: [...rest.AttributeDefinitions],
    BillingMode: 'PAY_PER_REQUEST',
    DeletionProtectionEnabled: rest.DeletionProtectionEnabled,
    GlobalSecondaryIndexes: rest.GlobalSecondaryIndexes?.map((index) => ({
      IndexName: index.IndexName,
      KeySchema: [...index.KeySchema],
      Projection: { ProjectionType: index.Projection.ProjectionType },
    })),
    StreamSpecification: stream && { StreamEnabled: true, ...stream },
  };
  await client.send(new CreateTableCommand(input));
  await waitUntilTableExists(
    { client, maxWaitTime: TABLE_READY_MAX_S, minDelay: 1 },
    { TableName: rest.TableName },
  );
  if (ttl === undefined) return;
  await client.send(
    new UpdateTimeToLiveCommand({ TableName: rest.TableName, TimeToLiveSpecification: ttl }),
  );
}

/** Our own stack, or a visible skip: what needs its clock or switches cannot be shown elsewhere. */
export function ownStack(contract: Contract, context: TestContext, needs: string): TestTable {
  return contract.stack ?? context.skip(`${needs}: only our own stack has that`);
}

/** Asks until the answer is as expected: indexes and streams follow a write, on AWS a little later. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isExpected: (answer: T) => boolean,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await ask();
    if (isExpected(answer) || attempt === EVENTUALLY_TRIES_MAX) return answer;
  }
}

/** The refusal that a call must get; throws when it succeeds. */
export async function refusalOf(call: Promise<unknown>): Promise<DynamoDBServiceException> {
  try {
    await call;
  } catch (error) {
    if (error instanceof DynamoDBServiceException) return error;
    throw error;
  }
  throw new Error('the call was not refused');
}

export type Item = Record<string, AttributeValue>;

export const S = (text: string): AttributeValue => ({ S: text });
export const N = (number: number | string): AttributeValue => ({ N: String(number) });

/** A partition of its own for one check. */
export function newPartition(): string {
  return `CHECK#${randomUUID()}`;
}

export function keyOf(pk: string, sk = 'a'): Item {
  return { pk: S(pk), sk: S(sk) };
}
