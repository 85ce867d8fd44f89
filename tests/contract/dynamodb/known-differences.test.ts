import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeStreamCommand, DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  keyOf,
  newPartition,
  openContract,
  ownStack,
  S,
  type Contract,
} from '#tests/contract/dynamodb/contract';
import type { knownDifferences } from '#tests/contract/dynamodb/known-differences';
import type { TestClientConfig, TestTable } from '#tests/support/table';

let contract: Contract;
beforeAll(async () => {
  contract = await openContract();
});
afterAll(() => contract.close());

type Difference = keyof typeof knownDifferences;
type Check = (stack: TestTable) => Promise<void>;

const describeTable = async (name: string) =>
  (await contract.client.send(new DescribeTableCommand({ TableName: name }))).Table;

const checks: Partial<Record<Difference, Check>> = {
  'item-count-is-live': async () => {
    const before = (await describeTable(contract.table))?.ItemCount ?? 0;
    await contract.client.send(
      new PutItemCommand({ TableName: contract.table, Item: keyOf(newPartition()) }),
    );
    expect((await describeTable(contract.table))?.ItemCount).toBe(before + 1);
  },
  'index-reads-are-immediate': async () => {
    const history = newPartition();
    await contract.client.send(
      new PutItemCommand({
        TableName: contract.table,
        Item: { ...keyOf(newPartition()), gsi1pk: S(history), gsi1sk: S('1') },
      }),
    );
    const answer = await contract.client.send(
      new QueryCommand({
        TableName: contract.table,
        IndexName: 'gsi1',
        KeyConditionExpression: 'gsi1pk = :h',
        ExpressionAttributeValues: { ':h': S(history) },
      }),
    );
    expect(answer.Count).toBe(1);
  },
  'one-shard': async ({ config }) => {
    const shards = await describeShards(config);
    expect(shards).toHaveLength(1);
  },
  'small-sequence-numbers': async ({ config }) => {
    const [shard] = await describeShards(config);
    expect(shard?.SequenceNumberRange?.StartingSequenceNumber?.length).toBeLessThan(21);
  },
  'other-region-in-arns': async () => {
    const table = await describeTable(contract.table);
    expect(table?.TableArn).toContain('arn:aws:dynamodb:dynoxide:000000000000:table/');
  },
  'table-is-ready-at-once': async () => {
    const TableName = newPartition().replace('#', '-');
    await contract.client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      }),
    );
    expect((await describeTable(TableName))?.TableStatus).toBe('ACTIVE');
    await contract.client.send(new DeleteTableCommand({ TableName }));
  },
};

async function describeShards(config: TestClientConfig) {
  const streams = new DynamoDBStreamsClient(config);
  await contract.client.send(
    new PutItemCommand({ TableName: contract.table, Item: keyOf(newPartition()) }),
  );
  const StreamArn = (await describeTable(contract.table))?.LatestStreamArn;
  const answer = await streams.send(new DescribeStreamCommand({ StreamArn }));
  streams.destroy();
  return answer.StreamDescription?.Shards ?? [];
}

for (const [name, check] of Object.entries(checks)) {
  test(`still different from DynamoDB: ${name}`, async (context) => {
    await check(ownStack(contract, context, 'the list of differences'));
  });
}
