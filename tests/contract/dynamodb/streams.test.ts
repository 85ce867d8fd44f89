import {
  DeleteItemCommand,
  DescribeTableCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type _Record,
  type GetShardIteratorCommandInput,
} from '@aws-sdk/client-dynamodb-streams';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  eventually,
  keyOf,
  N,
  newPartition,
  openContract,
  ownStack,
  S,
  type Contract,
  type Item,
} from '#tests/contract/dynamodb/contract';

let contract: Contract;
let streams: DynamoDBStreamsClient;
beforeAll(async () => {
  contract = await openContract();
  const { endpoint, region, credentials } = contract.config;
  // Streams have a host of their own on AWS; locally both APIs share one.
  const isAws = typeof endpoint === 'string' && endpoint.includes('amazonaws.com');
  streams = new DynamoDBStreamsClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined || isAws ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  });
});
afterAll(async () => {
  streams.destroy();
  await contract.close();
});

const put = (item: Item) =>
  contract.client.send(new PutItemCommand({ TableName: contract.table, Item: item }));
const remove = (key: Item) =>
  contract.client.send(new DeleteItemCommand({ TableName: contract.table, Key: key }));

async function streamArn(): Promise<string> {
  const { Table: table } = await contract.client.send(
    new DescribeTableCommand({ TableName: contract.table }),
  );
  return table?.LatestStreamArn ?? '';
}

async function shards() {
  const StreamArn = await streamArn();
  const answer = await streams.send(new DescribeStreamCommand({ StreamArn }));
  return answer.StreamDescription?.Shards ?? [];
}

async function readFrom(
  position: Pick<GetShardIteratorCommandInput, 'ShardIteratorType' | 'SequenceNumber'>,
): Promise<_Record[]> {
  const StreamArn = await streamArn();
  const records: _Record[] = [];
  for (const { ShardId } of await shards()) {
    const { ShardIterator: first } = await streams.send(
      new GetShardIteratorCommand({ StreamArn, ShardId, ...position }),
    );
    let iterator = first;
    let isAtEnd = false;
    while (iterator !== undefined && !isAtEnd) {
      const page = await streams.send(new GetRecordsCommand({ ShardIterator: iterator }));
      records.push(...(page.Records ?? []));
      isAtEnd = (page.Records ?? []).length === 0;
      iterator = page.NextShardIterator;
    }
  }
  return records;
}

/** The records of one partition, from the beginning; waits until as many are there. */
function recordsOf(pk: string, count: number): Promise<_Record[]> {
  return eventually(
    async () => {
      const all = await readFrom({ ShardIteratorType: 'TRIM_HORIZON' });
      return all.filter((record) => record.dynamodb?.Keys?.['pk']?.S === pk);
    },
    (records) => records.length >= count,
  );
}

describe('streams', () => {
  test('every change leaves a record with the keys and both images, in order', async () => {
    const pk = newPartition();
    const item = { ...keyOf(pk), n: N(1) };
    await put(item);
    await put({ ...item, n: N(2) });
    await remove(keyOf(pk));
    const records = await recordsOf(pk, 3);
    expect(
      records.map(({ eventName, dynamodb }) => [eventName, dynamodb?.OldImage, dynamodb?.NewImage]),
    ).toEqual([
      ['INSERT', undefined, item],
      ['MODIFY', item, { ...item, n: N(2) }],
      ['REMOVE', { ...item, n: N(2) }, undefined],
    ]);
    expect(records.map((record) => record.dynamodb?.Keys)).toEqual(Array(3).fill(keyOf(pk)));
    expect(records.every((record) => record.userIdentity === undefined)).toBe(true);
    const numbers = records.map((record) => BigInt(record.dynamodb?.SequenceNumber ?? ''));
    expect(numbers).toEqual(numbers.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(new Set(records.map((record) => record.eventID)).size).toBe(3);
  });

  test('a transaction leaves one record for each item it changed, a cancelled one none', async () => {
    const pk = newPartition();
    const transact = (sks: readonly string[]) =>
      contract.client.send(
        new TransactWriteItemsCommand({
          TransactItems: sks.map((sk) => ({
            Put: {
              TableName: contract.table,
              Item: keyOf(pk, sk),
              ConditionExpression: 'attribute_not_exists(pk)',
            },
          })),
        }),
      );
    await transact(['a', 'b']);
    await expect(transact(['c', 'a'])).rejects.toThrow();
    const records = await recordsOf(pk, 2);
    expect(records.map((record) => record.dynamodb?.Keys?.['sk']?.S).toSorted()).toEqual([
      'a',
      'b',
    ]);
  });

  test('a write that changes nothing leaves no record', async () => {
    const pk = newPartition();
    const item = { ...keyOf(pk), n: N(1), map: { M: { b: S('x'), a: { SS: ['p', 'q'] } } } };
    await put(item);
    await put({ ...item, n: N('1.0'), map: { M: { a: { SS: ['q', 'p'] }, b: S('x') } } });
    await contract.client.send(
      new UpdateItemCommand({
        TableName: contract.table,
        Key: keyOf(pk),
        UpdateExpression: 'SET n = :n',
        ExpressionAttributeValues: { ':n': N(1) },
      }),
    );
    await remove(keyOf(newPartition()));
    await put({ ...item, n: N(2) });
    const records = await recordsOf(pk, 2);
    expect(records.map((record) => record.eventName)).toEqual(['INSERT', 'MODIFY']);
  });

  test('reading goes on after a sequence number, or from the latest', async () => {
    const pk = newPartition();
    await put({ ...keyOf(pk), n: N(1) });
    await put({ ...keyOf(pk), n: N(2) });
    const [first] = await recordsOf(pk, 2);
    const [open] = await shards();
    const StreamArn = await streamArn();
    const { ShardIterator: latest } = await streams.send(
      new GetShardIteratorCommand({
        StreamArn,
        ShardId: open?.ShardId,
        ShardIteratorType: 'LATEST',
      }),
    );
    const after = await readFrom({
      ShardIteratorType: 'AFTER_SEQUENCE_NUMBER',
      SequenceNumber: first?.dynamodb?.SequenceNumber,
    });
    expect(after.map((record) => record.dynamodb?.NewImage?.['n'])).toEqual([N(2)]);
    await put({ ...keyOf(pk), n: N(3) });
    const page = await eventually(
      () => streams.send(new GetRecordsCommand({ ShardIterator: latest })),
      (answer) => (answer.Records ?? []).length > 0,
    );
    expect(page.Records?.map((record) => record.dynamodb?.NewImage?.['n'])).toEqual([N(3)]);
  });

  test('a page may be limited, and the next iterator goes on exactly there', async () => {
    const pk = newPartition();
    for (const n of [1, 2, 3]) await put({ ...keyOf(pk), n: N(n) });
    const [first] = await recordsOf(pk, 3);
    const [open] = await shards();
    const { ShardIterator: start } = await streams.send(
      new GetShardIteratorCommand({
        StreamArn: await streamArn(),
        ShardId: open?.ShardId,
        ShardIteratorType: 'AT_SEQUENCE_NUMBER',
        SequenceNumber: first?.dynamodb?.SequenceNumber,
      }),
    );
    const one = await streams.send(new GetRecordsCommand({ ShardIterator: start, Limit: 1 }));
    const rest = await streams.send(
      new GetRecordsCommand({ ShardIterator: one.NextShardIterator, Limit: 10 }),
    );
    const numbers = [...(one.Records ?? []), ...(rest.Records ?? [])].map(
      (record) => record.dynamodb?.NewImage?.['n'],
    );
    expect(one.Records).toHaveLength(1);
    expect(numbers).toEqual([N(1), N(2), N(3)]);
  });

  test('the shard that is written to has no end', async () => {
    await put(keyOf(newPartition()));
    const open = (await shards()).filter(
      (shard) => shard.SequenceNumberRange?.EndingSequenceNumber === undefined,
    );
    expect(open.length).toBeGreaterThan(0);
  });

  test('records carry the time of the write', async (context) => {
    const { clock } = ownStack(contract, context, 'a clock that moves');
    clock.advance(48 * 60 * 60 * 1000);
    const pk = newPartition();
    await put(keyOf(pk));
    const [record] = await recordsOf(pk, 1);
    const writtenMs = record?.dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0;
    expect(Math.abs(writtenMs - clock.now().getTime())).toBeLessThan(60_000);
    clock.set(new Date());
  });
});

describe('time to live', () => {
  test('what has expired is deleted by the service itself, which its record says', async (context) => {
    const { clock, dynamo } = ownStack(contract, context, 'a clock that moves');
    const pk = newPartition();
    const atS = Math.floor(clock.now().getTime() / 1000) + 3600;
    await put({ ...keyOf(pk, 'soon'), ttl: N(atS) });
    await put({ ...keyOf(pk, 'later'), ttl: N(atS + 7200) });
    await put({ ...keyOf(pk, 'text'), ttl: S(String(atS)) });
    await put({ ...keyOf(pk, 'ancient'), ttl: N(1) });
    await put(keyOf(pk, 'never'));
    expect(await dynamo.sweepExpired()).toBe(0);
    clock.advance(3601 * 1000);
    expect(await dynamo.sweepExpired()).toBe(1);
    await remove(keyOf(pk, 'never'));
    const removals = (await recordsOf(pk, 7)).filter((record) => record.eventName === 'REMOVE');
    expect(
      removals.map((record) => [record.dynamodb?.Keys?.['sk']?.S, record.userIdentity]),
    ).toEqual([
      ['soon', { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' }],
      ['never', undefined],
    ]);
    expect(removals[0]?.dynamodb?.OldImage).toEqual({ ...keyOf(pk, 'soon'), ttl: N(atS) });
    clock.set(new Date());
  });
});
