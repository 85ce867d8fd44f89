import { randomUUID } from 'node:crypto';
import {
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  eventually,
  keyOf,
  newPartition,
  openContract,
  refusalOf,
  type Contract,
} from '#tests/contract/dynamodb/contract';
import { testTableTemplate } from '#tests/support/table';

let contract: Contract;
beforeAll(async () => {
  contract = await openContract();
});
afterAll(() => contract.close());

const describeTable = async (name: string) =>
  (await contract.client.send(new DescribeTableCommand({ TableName: name }))).Table;

test('the table is as the schema wants it', async () => {
  const table = await describeTable(contract.table);
  expect(table).toMatchObject({
    TableStatus: 'ACTIVE',
    BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  });
  const indexes = table?.GlobalSecondaryIndexes?.map((index) => [
    index.IndexName,
    index.Projection?.ProjectionType,
  ]);
  expect(indexes?.toSorted()).toEqual([
    ['gsi1', 'ALL'],
    ['gsi2', 'ALL'],
    ['gsi3', 'ALL'],
    ['gsi4', 'KEYS_ONLY'],
  ]);
  const { TimeToLiveDescription: ttl } = await contract.client.send(
    new DescribeTimeToLiveCommand({ TableName: contract.table }),
  );
  expect(ttl?.AttributeName).toBe('ttl');
});

test('a protected table cannot be deleted until its protection is taken off', async () => {
  const template = { ...testTableTemplate('ledger-guarded'), DeletionProtectionEnabled: true };
  const TableName = await contract.addTable(template);
  const refusal = await refusalOf(contract.client.send(new DeleteTableCommand({ TableName })));
  expect(refusal.name).toBe('ValidationException');
  await contract.client.send(
    new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }),
  );
  await eventually(
    () => describeTable(TableName),
    (table) => table?.TableStatus === 'ACTIVE' && table.DeletionProtectionEnabled === false,
  );
});

test('point-in-time recovery can be switched on and is then reported', async () => {
  const TableName = contract.table;
  await contract.client.send(
    new UpdateContinuousBackupsCommand({
      TableName,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    }),
  );
  const { ContinuousBackupsDescription: backups } = await contract.client.send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  expect(backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe('ENABLED');
});

test('a table that is not there is reported as such by every call', async () => {
  const TableName = `absent-${randomUUID()}`;
  const calls = [
    () => contract.client.send(new GetItemCommand({ TableName, Key: keyOf('a') })),
    () => contract.client.send(new PutItemCommand({ TableName, Item: keyOf('a') })),
    () => contract.client.send(new DescribeTableCommand({ TableName })),
  ];
  for (const call of calls)
    expect((await refusalOf(call())).name).toBe('ResourceNotFoundException');
});

test('keys of another shape than the table has are refused', async () => {
  const refusal = await refusalOf(
    contract.client.send(
      new GetItemCommand({
        TableName: contract.table,
        Key: { ...keyOf(newPartition()), more: { S: 'x' } },
      }),
    ),
  );
  expect(refusal.name).toBe('ValidationException');
});
