import {
  BatchGetItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type ConsumedCapacity,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  keyOf,
  N,
  newPartition,
  openContract,
  S,
  type Contract,
  type Item,
} from '#tests/contract/dynamodb/contract';

let contract: Contract;
beforeAll(async () => {
  contract = await openContract();
});
afterAll(() => contract.close());

type Units = Record<string, number>;

/** `{table, gsi1, ...}` in capacity units; indexes that cost nothing are absent. */
function units(consumed: ConsumedCapacity | undefined): Units {
  const indexes = Object.entries(consumed?.GlobalSecondaryIndexes ?? {});
  return {
    table: consumed?.Table?.CapacityUnits ?? 0,
    ...Object.fromEntries(
      indexes
        .map(([name, capacity]): [string, number] => [name, capacity.CapacityUnits ?? 0])
        .filter(([, count]) => count > 0),
    ),
  };
}

const measured = () => ({ TableName: contract.table, ReturnConsumedCapacity: 'INDEXES' as const });
const put = async (item: Item) =>
  units(
    (await contract.client.send(new PutItemCommand({ ...measured(), Item: item })))
      .ConsumedCapacity,
  );
const transactPuts = async (items: readonly Item[]) => {
  const { ConsumedCapacity: consumed } = await contract.client.send(
    new TransactWriteItemsCommand({
      ReturnConsumedCapacity: 'INDEXES',
      TransactItems: items.map((item) => ({ Put: { TableName: contract.table, Item: item } })),
    }),
  );
  expect(consumed).toHaveLength(1);
  return units(consumed?.[0]);
};
const inIndexes = { gsi1pk: S('h'), gsi1sk: S('1'), gsi2pk: S('d'), gsi2sk: S('1') };

describe('write units', () => {
  test('a put costs one per KB begun, and one in each index that holds the item', async () => {
    expect(await put(keyOf(newPartition()))).toEqual({ table: 1 });
    expect(await put({ ...keyOf(newPartition()), x: S('x'.repeat(1000)) })).toEqual({ table: 2 });
    expect(await put({ ...keyOf(newPartition()), ...inIndexes })).toEqual({
      table: 1,
      gsi1: 1,
      gsi2: 1,
    });
  });

  test('an update that leaves an index item as it is costs nothing there', async () => {
    const key = keyOf(newPartition());
    await put({ ...key, ...inIndexes, gsi4pk: S('due'), gsi4sk: S('1') });
    const { ConsumedCapacity: consumed } = await contract.client.send(
      new UpdateItemCommand({
        ...measured(),
        Key: key,
        UpdateExpression: 'SET n = :n',
        ExpressionAttributeValues: { ':n': N(1) },
      }),
    );
    expect(units(consumed)).toEqual({ table: 1, gsi1: 1, gsi2: 1 });
  });

  test('a change of an index key costs a delete and a put there', async () => {
    const key = keyOf(newPartition());
    await put({ ...key, gsi4pk: S('due'), gsi4sk: S('1') });
    const { ConsumedCapacity: consumed } = await contract.client.send(
      new UpdateItemCommand({
        ...measured(),
        Key: key,
        UpdateExpression: 'SET gsi4sk = :sk',
        ExpressionAttributeValues: { ':sk': S('2') },
      }),
    );
    expect(units(consumed)).toEqual({ table: 1, gsi4: 2 });
  });

  test('a delete pays for the item it removes, and for its index items', async () => {
    const key = keyOf(newPartition());
    await put({ ...key, ...inIndexes, x: S('x'.repeat(1500)) });
    const { ConsumedCapacity: consumed } = await contract.client.send(
      new DeleteItemCommand({ ...measured(), Key: key }),
    );
    expect(units(consumed)).toEqual({ table: 2, gsi1: 2, gsi2: 2 });
  });

  test('a transaction doubles the table and not the indexes', async () => {
    const pk = newPartition();
    expect(await transactPuts([{ ...keyOf(pk), ...inIndexes }])).toEqual({
      table: 2,
      gsi1: 1,
      gsi2: 1,
    });
    const big = { ...keyOf(pk, 'b'), gsi1pk: S('h'), gsi1sk: S('2'), x: S('x'.repeat(1400)) };
    expect(await transactPuts([{ ...big, gsi4pk: S('due'), gsi4sk: S('1') }])).toEqual({
      table: 4,
      gsi1: 2,
      gsi4: 1,
    });
  });

  test('the actions of a transaction are one sum per table', async () => {
    const pk = newPartition();
    expect(await transactPuts(['a', 'b', 'c'].map((sk) => keyOf(pk, sk)))).toEqual({ table: 6 });
  });

  test('a change of an index key within a transaction costs 2 + 2', async () => {
    const key = keyOf(newPartition());
    await put({ ...key, gsi4pk: S('due'), gsi4sk: S('1') });
    expect(await transactPuts([{ ...key, gsi4pk: S('due'), gsi4sk: S('2') }])).toEqual({
      table: 2,
      gsi4: 2,
    });
  });
});

describe('read units', () => {
  test('a consistent read costs one per 4 KB begun, an eventual one half of it', async () => {
    const key = keyOf(newPartition());
    await put({ ...key, x: S('x'.repeat(4200)) });
    const read = async (ConsistentRead: boolean) =>
      units(
        (
          await contract.client.send(
            new GetItemCommand({ ...measured(), Key: key, ConsistentRead }),
          )
        ).ConsumedCapacity,
      );
    expect(await read(true)).toEqual({ table: 2 });
    expect(await read(false)).toEqual({ table: 1 });
  });

  test('reading what is not there costs as much as the smallest item', async () => {
    const { ConsumedCapacity: consumed } = await contract.client.send(
      new GetItemCommand({ ...measured(), Key: keyOf(newPartition()), ConsistentRead: true }),
    );
    expect(units(consumed)).toEqual({ table: 1 });
  });

  test('a consistent batch of two small items costs two', async () => {
    const pk = newPartition();
    await put(keyOf(pk, 'a'));
    const { ConsumedCapacity: consumed } = await contract.client.send(
      new BatchGetItemCommand({
        ReturnConsumedCapacity: 'INDEXES',
        RequestItems: {
          [contract.table]: { Keys: [keyOf(pk, 'a'), keyOf(pk, 'b')], ConsistentRead: true },
        },
      }),
    );
    expect(units(consumed?.[0])).toEqual({ table: 2 });
  });

  test('a transactional read costs two for each item', async () => {
    const pk = newPartition();
    await put(keyOf(pk, 'a'));
    await put(keyOf(pk, 'b'));
    const { ConsumedCapacity: consumed } = await contract.client.send(
      new TransactGetItemsCommand({
        ReturnConsumedCapacity: 'INDEXES',
        TransactItems: ['a', 'b'].map((sk) => ({
          Get: { TableName: contract.table, Key: keyOf(pk, sk) },
        })),
      }),
    );
    expect(units(consumed?.[0])).toEqual({ table: 4 });
  });

  test('a query pays for the sum of what it read, not for each item', async () => {
    const pk = newPartition();
    for (const sk of ['a', 'b', 'c']) await put(keyOf(pk, sk));
    const { ConsumedCapacity: consumed } = await contract.client.send(
      new QueryCommand({
        ...measured(),
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': S(pk) },
      }),
    );
    expect(units(consumed)).toEqual({ table: 1 });
  });
});

test('capacity is reported in the detail that was asked for', async () => {
  const asked = async (detail: 'NONE' | 'TOTAL' | 'INDEXES') =>
    (
      await contract.client.send(
        new PutItemCommand({
          TableName: contract.table,
          Item: { ...keyOf(newPartition()), ...inIndexes },
          ReturnConsumedCapacity: detail,
        }),
      )
    ).ConsumedCapacity;
  const check = async () => {
    expect(await asked('NONE')).toBeUndefined();
    expect(await asked('TOTAL')).toEqual({ TableName: contract.table, CapacityUnits: 3 });
    expect(units(await asked('INDEXES'))).toEqual({ table: 1, gsi1: 1, gsi2: 1 });
  };
  await check();
  // A listener has to see every index without the caller seeing more than before.
  const stop = contract.stack?.dynamo.onCall(() => undefined);
  await check();
  stop?.();
});
