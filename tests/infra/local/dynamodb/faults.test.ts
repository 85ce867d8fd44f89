import { randomUUID } from 'node:crypto';
import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { DynamoFault } from '#infra/local/dynamodb/faults';
import { openTestTable, type TestTable } from '#tests/support/table';

let table: TestTable;
let impatient: DynamoDBClient;
let patient: DynamoDBClient;
beforeAll(async () => {
  table = await openTestTable();
  impatient = new DynamoDBClient({ ...table.config, maxAttempts: 1 });
  patient = new DynamoDBClient({ ...table.config, maxAttempts: 4 });
});
afterEach(() => table.dynamo.faults.clear());
afterAll(async () => {
  impatient.destroy();
  patient.destroy();
  await table.close();
});

const newItem = () => ({ pk: { S: randomUUID() }, sk: { S: 'a' } });
type Item = ReturnType<typeof newItem>;
const put = (client: DynamoDBClient, item: Item) =>
  client.send(new PutItemCommand({ TableName: table.tableName, Item: item }));
const transact = (client: DynamoDBClient, items: readonly Item[]) =>
  client.send(
    new TransactWriteItemsCommand({
      TransactItems: items.map((item) => ({
        Put: {
          TableName: table.tableName,
          Item: item,
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      })),
    }),
  );
const isStored = async (item: Item) =>
  (await patient.send(new GetItemCommand({ TableName: table.tableName, Key: item }))).Item !==
  undefined;

test.each<[DynamoFault['kind'], object, boolean]>([
  [
    'conflict',
    {
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
    },
    false,
  ],
  ['throttle', { name: 'ThrottlingException' }, false],
  [
    'throttle_in_transaction',
    {
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'ThrottlingError' }, { Code: 'None' }],
    },
    false,
  ],
  ['error_before', { name: 'InternalServerError' }, false],
  ['reset_before', { code: 'ECONNRESET' }, false],
  ['error_after', { name: 'InternalServerError' }, true],
  ['reset_after', { code: 'ECONNRESET' }, true],
])('a transaction that meets %s fails as DynamoDB lets it fail', async (kind, error, stored) => {
  const items = [newItem(), newItem()] as const;
  table.dynamo.faults.add({ kind, operation: 'TransactWriteItems' });
  await expect(transact(impatient, items)).rejects.toMatchObject(error);
  expect(await isStored(items[0])).toBe(stored);
  expect(table.dynamo.faults.list()).toEqual([]);
});

test.each(['throttle', 'error_before', 'reset_before', 'error_after', 'reset_after'] as const)(
  'the SDK gets over a transaction that meets %s, with its own token',
  async (kind) => {
    const items = [newItem(), newItem()];
    table.dynamo.faults.add({ kind, times: 2 });
    await transact(patient, items);
  },
);

test('a conflict on a single write is an error of its own', async () => {
  const item = newItem();
  table.dynamo.faults.add({ kind: 'conflict' });
  await expect(put(impatient, item)).rejects.toMatchObject({
    name: 'TransactionConflictException',
  });
  await put(impatient, item);
});

test('a fault befalls the calls that it names, after those it lets pass, as often as it says', async () => {
  table.dynamo.faults.add({ kind: 'throttle', operation: 'PutItem', skip: 1, times: 2 });
  const outcomes: string[] = [];
  for (let call = 0; call < 4; call += 1) {
    await isStored(newItem());
    outcomes.push(
      await put(impatient, newItem()).then(
        () => 'stored',
        () => 'refused',
      ),
    );
  }
  expect(outcomes).toEqual(['stored', 'refused', 'refused', 'stored']);
});

test('a conflict waits for a call that can meet one', async () => {
  table.dynamo.faults.add({ kind: 'conflict' });
  await isStored(newItem());
  expect(table.dynamo.faults.list()).toHaveLength(1);
});

test('a fault that is none is refused with words', () => {
  const add = () => table.dynamo.faults.add({ kind: 'throttle', times: 0 });
  expect(add).toThrow(/times/);
});

test('a listener hears of every call, what was asked and what it consumed', async () => {
  const heard: unknown[] = [];
  const stop = table.dynamo.onCall(({ operation, request, status, consumed }) =>
    heard.push([operation, request['TableName'], status, consumed[0]?.CapacityUnits]),
  );
  const item = newItem();
  await put(impatient, item);
  await transact(impatient, [newItem(), newItem()]);
  await expect(transact(impatient, [item])).rejects.toThrow();
  await patient.send(
    new QueryCommand({
      TableName: table.tableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': item.pk },
    }),
  );
  stop();
  await put(impatient, newItem());
  expect(heard).toEqual([
    ['PutItem', table.tableName, 200, 1],
    ['TransactWriteItems', undefined, 200, 4],
    ['TransactWriteItems', undefined, 400, undefined],
    ['Query', table.tableName, 200, 0.5],
  ]);
});
