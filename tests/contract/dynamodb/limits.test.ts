import {
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  keyOf,
  N,
  newPartition,
  openContract,
  refusalOf,
  S,
  type Contract,
  type Item,
} from '#tests/contract/dynamodb/contract';

let contract: Contract;
beforeAll(async () => {
  contract = await openContract();
});
afterAll(() => contract.close());

const put = (item: Item) =>
  contract.client.send(new PutItemCommand({ TableName: contract.table, Item: item }));
const get = async (key: Item) =>
  (
    await contract.client.send(
      new GetItemCommand({ TableName: contract.table, Key: key, ConsistentRead: true }),
    )
  ).Item;

describe('keys', () => {
  test.each<[string, Item]>([
    ['an empty partition key', { pk: S(''), sk: S('a') }],
    ['an empty sort key', { pk: S('a'), sk: S('') }],
    ['no sort key', { pk: S('a') }],
    ['a number as a key of text', { pk: N(1), sk: S('a') }],
    ['a partition key of 2049 bytes', { pk: S('é'.repeat(1024) + 'x'), sk: S('a') }],
    ['a sort key of 1025 bytes', { pk: S('a'), sk: S('é'.repeat(512) + 'x') }],
    ['an empty index key', { ...keyOf('a'), gsi1pk: S(''), gsi1sk: S('a') }],
    ['a number as an index key of text', { ...keyOf('a'), gsi1pk: N(1), gsi1sk: S('a') }],
  ])('an item with %s is refused', async (_name, item) => {
    expect((await refusalOf(put(item))).name).toBe('ValidationException');
  });

  test('keys of exactly 2048 and 1024 bytes are accepted', async () => {
    const pk = newPartition();
    const item = { pk: S(pk.padEnd(2048, 'x')), sk: S('é'.repeat(512)) };
    await put(item);
    expect(await get(item)).toEqual(item);
  });

  test('sort keys are ordered by their UTF-8 bytes, case and all', async () => {
    const item = keyOf(newPartition(), 'Z');
    await put(item);
    await put({ ...item, sk: S('a') });
    expect(await get(item)).toEqual(item);
  });
});

describe('sizes', () => {
  // Names and values count: pk and sk names are 4 bytes, the one of `x` is 1.
  const bodyFor = (pk: string, total: number) => total - (4 + pk.length + 1) - 1;

  test('an item of exactly 400 KB is accepted, one byte more is not', async () => {
    const pk = newPartition();
    const fill = (total: number) => ({ ...keyOf(pk), x: S('x'.repeat(bodyFor(pk, total))) });
    await put(fill(409_600));
    expect((await refusalOf(put(fill(409_601)))).name).toBe('ValidationException');
  });

  test('an update may not grow an item beyond 400 KB', async () => {
    const key = keyOf(newPartition());
    await put({ ...key, x: S('x'.repeat(300_000)) });
    const refusal = await refusalOf(
      contract.client.send(
        new UpdateItemCommand({
          TableName: contract.table,
          Key: key,
          UpdateExpression: 'SET y = :y',
          ExpressionAttributeValues: { ':y': S('y'.repeat(110_000)) },
        }),
      ),
    );
    expect(refusal.name).toBe('ValidationException');
  });

  test('documents nest 32 levels and no deeper', async () => {
    const nested = (levels: number): AttributeValue =>
      levels === 0 ? S('x') : { L: [nested(levels - 1)] };
    await put({ ...keyOf(newPartition()), x: nested(31) });
    const refusal = await refusalOf(put({ ...keyOf(newPartition()), x: nested(33) }));
    expect(refusal.name).toBe('ValidationException');
  });

  test('an expression of more than 4 KB is refused', async () => {
    const refusal = await refusalOf(
      contract.client.send(
        new UpdateItemCommand({
          TableName: contract.table,
          Key: keyOf(newPartition()),
          UpdateExpression: `REMOVE ${'x'.repeat(4096)}`,
        }),
      ),
    );
    expect(refusal.name).toBe('ValidationException');
  });

  test('an empty set is refused; empty text outside keys is stored', async () => {
    const key = keyOf(newPartition());
    expect((await refusalOf(put({ ...key, x: { SS: [] } }))).name).toBe('ValidationException');
    await put({ ...key, x: S('') });
    expect(await get(key)).toEqual({ ...key, x: S('') });
  });
});

describe('numbers', () => {
  test.each([
    ['38 digits', '12345678901234567890123456789012345678'],
    ['the largest safe integer and more', '9007199254740993'],
    ['a trillion', '1000000000000'],
    ['a negative fraction', '-0.5'],
  ])('%s come back exactly', async (_name, number) => {
    const key = keyOf(newPartition());
    await put({ ...key, n: N(number) });
    expect(await get(key)).toEqual({ ...key, n: N(number) });
  });

  test('trailing and leading zeros are not kept', async () => {
    const key = keyOf(newPartition());
    await put({ ...key, n: N('0012.50') });
    expect(await get(key)).toEqual({ ...key, n: N('12.5') });
  });

  test('arithmetic beyond the safe integers is exact', async () => {
    const key = keyOf(newPartition());
    await put({ ...key, n: N('9007199254740993') });
    await contract.client.send(
      new UpdateItemCommand({
        TableName: contract.table,
        Key: key,
        UpdateExpression: 'SET n = n + :n',
        ExpressionAttributeValues: { ':n': N('9007199254740993') },
      }),
    );
    expect(await get(key)).toEqual({ ...key, n: N('18014398509481986') });
  });

  test.each([
    ['39 digits', '123456789012345678901234567890123456789'],
    ['a magnitude of 1E126', '1E126'],
    ['words', 'ten'],
    ['NaN', 'NaN'],
  ])('%s are refused', async (_name, number) => {
    const refusal = await refusalOf(put({ ...keyOf(newPartition()), n: N(number) }));
    expect(refusal.name).toBe('ValidationException');
  });
});
