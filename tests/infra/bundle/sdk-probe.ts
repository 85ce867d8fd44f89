import {
  BatchGetItemCommand,
  DynamoDBClient,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { createTableClient } from '#lib/store/table';
import type { TestClientConfig } from '#tests/support/table';

/*
 * What tests call of the packages as they are in a bundle; bundled by the test as a Lambda is.
 */

/** Writes, reads and loses races, and answers what a store would see of it. */
export async function useTable(config: TestClientConfig, table: string) {
  const client = createTableClient(config);
  const item = {
    pk: 'USER#probe',
    sk: 'ACCOUNT',
    balance: 12,
    tags: ['a', null, true],
    ttl: 4_102_444_800,
  };
  const unlessPresent = {
    TableName: table,
    Item: marshall(item),
    ConditionExpression: 'attribute_not_exists(pk)',
  };
  await client.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: unlessPresent }] }));
  const read = await client.send(
    new BatchGetItemCommand({
      RequestItems: {
        [table]: { Keys: [marshall({ pk: item.pk, sk: item.sk })], ConsistentRead: true },
      },
    }),
  );
  const listed = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: marshall({ ':pk': item.pk }),
    }),
  );
  const again = {
    Put: { ...unlessPresent, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const },
  };
  const lost = await rejection(
    client.send(new TransactWriteItemsCommand({ TransactItems: [again] })),
  );
  const refused = await rejection(client.send(new PutItemCommand(unlessPresent)));
  return {
    written: item,
    read: read.Responses?.[table]?.map((each) => unmarshall(each)),
    listed: listed.Items?.map((each) => unmarshall(each)),
    lost: lost instanceof TransactionCanceledException ? lost.CancellationReasons : lost,
    refused,
  };
}

/** Where the SDK finds the table in this region. */
export function endpointIn(region: string, useFips = false): string {
  const { endpointProvider } = new DynamoDBClient({ region }).config;
  const options = { UseFIPS: useFips, UseDualStack: false };
  return endpointProvider({ Region: region, ...options }).url.href;
}

/** What the SDK reads out of a body, whichever kind of stream that is. */
export async function collect(body: unknown): Promise<string> {
  const bytes = await new DynamoDBClient({ region: 'eu-west-1' }).config.streamCollector(body);
  return Buffer.from(bytes).toString();
}

/** The error of a request to `config`'s endpoint, whatever that answers. */
export async function failToList(config: TestClientConfig): Promise<unknown> {
  return rejection(
    new DynamoDBClient({ ...config, maxAttempts: 1 }).send(new ListTablesCommand({})),
  );
}

export async function retryAdaptively(config: TestClientConfig): Promise<unknown> {
  return rejection(
    new DynamoDBClient({ ...config, retryMode: 'adaptive' }).send(new ListTablesCommand({})),
  );
}

/** Without a region, neither here nor in the environment. */
export async function useNoRegion({ endpoint, credentials }: TestClientConfig): Promise<unknown> {
  return rejection(new DynamoDBClient({ endpoint, credentials }).send(new ListTablesCommand({})));
}

export async function checkFormatByMethod(): Promise<unknown> {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- this is what must not be used
  return rejection(Promise.resolve().then(() => z.string().email()));
}

export function checkFormat(text: string): boolean {
  return z.email().safeParse(text).success;
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'nothing went wrong',
    (error: unknown) => error,
  );
}
