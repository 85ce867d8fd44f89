import {
  BatchWriteItemCommand,
  QueryCommand,
  ScanCommand,
  type QueryCommandInput,
  type ScanCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  eventually,
  N,
  newPartition,
  openContract,
  refusalOf,
  S,
  type Contract,
  type Item,
} from '#tests/contract/dynamodb/contract';

let contract: Contract;
const pk = newPartition();
const history = `${pk}#HISTORY`;
const due = `${pk}#DUE`;

beforeAll(async () => {
  contract = await openContract();
  // Ten entries, of which the even ones are in the history index and the first is due.
  const items = Array.from({ length: 10 }, (_, n) => ({
    pk: S(pk),
    sk: S(`ENTRY#${n}`),
    n: N(n),
    ...(n % 2 === 0 ? { gsi1pk: S(history), gsi1sk: S(String(n)) } : {}),
    ...(n === 0 ? { gsi4pk: S(due), gsi4sk: S('2026-01-01') } : {}),
  }));
  items.push({ pk: S(pk), sk: S('HEAD'), n: N(99) });
  await contract.client.send(
    new BatchWriteItemCommand({
      RequestItems: { [contract.table]: items.map((Item) => ({ PutRequest: { Item } })) },
    }),
  );
});
afterAll(() => contract.close());

const query = (
  condition: string,
  values: Item,
  options: Partial<QueryCommandInput> = {},
): Promise<{ sks: string[]; last: Item | undefined; count: number; scanned: number }> =>
  contract.client
    .send(
      new QueryCommand({
        TableName: contract.table,
        KeyConditionExpression: condition,
        ExpressionAttributeValues: values,
        ...options,
      }),
    )
    .then((answer) => ({
      sks: (answer.Items ?? []).map((item) => item['sk']?.S ?? ''),
      last: answer.LastEvaluatedKey,
      count: answer.Count ?? 0,
      scanned: answer.ScannedCount ?? 0,
    }));
const inOrder = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => `ENTRY#${from + n}`);

describe('queries', () => {
  test('begins_with finds the items of one kind, in the order of their sort keys', async () => {
    const { sks } = await query('pk = :pk AND begins_with(sk, :e)', {
      ':pk': S(pk),
      ':e': S('ENTRY#'),
    });
    expect(sks).toEqual(inOrder(0, 9));
  });

  test('BETWEEN includes both ends, < does not include its end', async () => {
    const between = await query('pk = :pk AND sk BETWEEN :a AND :b', {
      ':pk': S(pk),
      ':a': S('ENTRY#3'),
      ':b': S('ENTRY#5'),
    });
    expect(between.sks).toEqual(inOrder(3, 5));
    const less = await query('pk = :pk AND sk < :a', { ':pk': S(pk), ':a': S('ENTRY#2') });
    expect(less.sks).toEqual(inOrder(0, 1));
  });

  test('backwards with a limit gives the newest and a key to go on from', async () => {
    const condition = 'pk = :pk AND begins_with(sk, :e)';
    const values = { ':pk': S(pk), ':e': S('ENTRY#') };
    const newest = { ScanIndexForward: false, Limit: 4 };
    const first = await query(condition, values, newest);
    expect(first.sks).toEqual(inOrder(6, 9).toReversed());
    expect(first.last).toEqual({ pk: S(pk), sk: S('ENTRY#6') });
    const second = await query(condition, values, { ...newest, ExclusiveStartKey: first.last });
    expect(second.sks).toEqual(inOrder(2, 5).toReversed());
  });

  test('a limit that is met exactly still gives a key; only the page after it is the last', async () => {
    const condition = 'pk = :pk AND begins_with(sk, :e)';
    const values = { ':pk': S(pk), ':e': S('ENTRY#') };
    const full = await query(condition, values, { Limit: 10 });
    expect(full.last).toEqual({ pk: S(pk), sk: S('ENTRY#9') });
    const after = await query(condition, values, { Limit: 10, ExclusiveStartKey: full.last });
    expect(after).toMatchObject({ sks: [], last: undefined });
  });

  test('a filter works after the limit: a page may be empty and not the last', async () => {
    const page = await query(
      'pk = :pk AND begins_with(sk, :e)',
      { ':pk': S(pk), ':e': S('ENTRY#'), ':n': N(5) },
      { FilterExpression: 'n > :n', Limit: 3 },
    );
    expect(page).toMatchObject({ sks: [], scanned: 3, last: { sk: S('ENTRY#2') } });
  });

  test('COUNT gives the number and no items', async () => {
    const answer = await query('pk = :pk', { ':pk': S(pk) }, { Select: 'COUNT' });
    expect(answer).toMatchObject({ count: 11, sks: [] });
  });

  test('a projection gives the named attributes only', async () => {
    const answer = await contract.client.send(
      new QueryCommand({
        TableName: contract.table,
        KeyConditionExpression: 'pk = :pk AND sk = :sk',
        ExpressionAttributeValues: { ':pk': S(pk), ':sk': S('HEAD') },
        ProjectionExpression: 'n, absent',
      }),
    );
    expect(answer.Items).toEqual([{ n: N(99) }]);
  });

  test('a page ends at about 1 MB and the next one goes on after it', async () => {
    const big = newPartition();
    const items = Array.from({ length: 6 }, (_, n) => ({
      PutRequest: { Item: { pk: S(big), sk: S(String(n)), x: S('x'.repeat(300_000)) } },
    }));
    await contract.client.send(
      new BatchWriteItemCommand({ RequestItems: { [contract.table]: items } }),
    );
    const first = await query('pk = :pk', { ':pk': S(big) });
    expect(first.count).toBeLessThan(6);
    const rest = await query('pk = :pk', { ':pk': S(big) }, { ExclusiveStartKey: first.last });
    expect([...first.sks, ...rest.sks]).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(rest.last).toBeUndefined();
  });
});

describe('indexes', () => {
  test('a sparse index holds only the items that have its keys', async () => {
    const { sks } = await eventually(
      () => query('gsi1pk = :h', { ':h': S(history) }, { IndexName: 'gsi1' }),
      (answer) => answer.count === 5,
    );
    expect(sks).toEqual(['ENTRY#0', 'ENTRY#2', 'ENTRY#4', 'ENTRY#6', 'ENTRY#8']);
  });

  test('the key to go on from in an index names the keys of index and table', async () => {
    const page = await eventually(
      () => query('gsi1pk = :h', { ':h': S(history) }, { IndexName: 'gsi1', Limit: 2 }),
      (answer) => answer.count === 2,
    );
    expect(page.last).toEqual({
      pk: S(pk),
      sk: S('ENTRY#2'),
      gsi1pk: S(history),
      gsi1sk: S('2'),
    });
  });

  test('a KEYS_ONLY index gives keys and nothing else', async () => {
    const ask = () =>
      contract.client.send(
        new QueryCommand({
          TableName: contract.table,
          IndexName: 'gsi4',
          KeyConditionExpression: 'gsi4pk = :due AND gsi4sk <= :now',
          ExpressionAttributeValues: { ':due': S(due), ':now': S('2026-02-01') },
        }),
      );
    const answer = await eventually(ask, ({ Count: count }) => count === 1);
    expect(answer.Items).toEqual([
      { pk: S(pk), sk: S('ENTRY#0'), gsi4pk: S(due), gsi4sk: S('2026-01-01') },
    ]);
  });

  test('a strongly consistent read of a global index is refused', async () => {
    const refusal = await refusalOf(
      query('gsi1pk = :h', { ':h': S(history) }, { IndexName: 'gsi1', ConsistentRead: true }),
    );
    expect(refusal.name).toBe('ValidationException');
  });
});

test('a parallel scan finds every item exactly once', async () => {
  const scanSegment = async (Segment: number): Promise<string[]> => {
    const sks: string[] = [];
    let start: Item | undefined;
    do {
      const page: ScanCommandOutput = await contract.client.send(
        new ScanCommand({
          TableName: contract.table,
          Segment,
          TotalSegments: 3,
          FilterExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': S(pk) },
          ExclusiveStartKey: start,
        }),
      );
      sks.push(...(page.Items ?? []).map((item) => item['sk']?.S ?? ''));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return sks;
  };
  const segments = await Promise.all([0, 1, 2].map(scanSegment));
  expect(segments.flat().toSorted()).toEqual([...inOrder(0, 9), 'HEAD']);
});

test('a batch of more than 25 writes, or with one item twice, is refused', async () => {
  const own = newPartition();
  const write = (sks: readonly number[]) =>
    contract.client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [contract.table]: sks.map((sk) => ({
            PutRequest: { Item: { pk: S(own), sk: S(String(sk)) } },
          })),
        },
      }),
    );
  const many = Array.from({ length: 26 }, (_, n) => n);
  expect((await refusalOf(write(many))).name).toBe('ValidationException');
  expect((await refusalOf(write([1, 1]))).name).toBe('ValidationException');
  expect((await write(many.slice(1))).UnprocessedItems ?? {}).toEqual({});
});
