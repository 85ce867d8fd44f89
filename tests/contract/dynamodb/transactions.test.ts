import { randomUUID } from 'node:crypto';
import {
  BatchGetItemCommand,
  GetItemCommand,
  PutItemCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItem,
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

const transact = (items: readonly TransactWriteItem[], token?: string) =>
  contract.client.send(
    new TransactWriteItemsCommand({
      TransactItems: [...items],
      ...(token === undefined ? {} : { ClientRequestToken: token }),
    }),
  );
const put = (item: Item, options: Partial<NonNullable<TransactWriteItem['Put']>> = {}) => ({
  Put: { TableName: contract.table, Item: item, ...options },
});
const createOnce = (item: Item) =>
  put(item, {
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
const add = (key: Item, n: number) => ({
  Update: {
    TableName: contract.table,
    Key: key,
    UpdateExpression: 'ADD n :n',
    ExpressionAttributeValues: { ':n': N(n) },
  },
});
const store = (item: Item) =>
  contract.client.send(new PutItemCommand({ TableName: contract.table, Item: item }));
const get = async (key: Item) =>
  (
    await contract.client.send(
      new GetItemCommand({ TableName: contract.table, Key: key, ConsistentRead: true }),
    )
  ).Item;
const reasonsOf = async (call: Promise<unknown>) => {
  const refusal = await refusalOf(call);
  expect(refusal).toBeInstanceOf(TransactionCanceledException);
  return refusal instanceof TransactionCanceledException ? (refusal.CancellationReasons ?? []) : [];
};
const pad = (n: number) => String(n).padStart(3, '0');

describe('transactions', () => {
  test('put, update, delete and check happen together', async () => {
    const pk = newPartition();
    await store({ ...keyOf(pk, 'old'), n: N(1) });
    await store({ ...keyOf(pk, 'check'), open: { BOOL: true } });
    await transact([
      put(keyOf(pk, 'new')),
      add(keyOf(pk, 'sum'), 7),
      { Delete: { TableName: contract.table, Key: keyOf(pk, 'old') } },
      {
        ConditionCheck: {
          TableName: contract.table,
          Key: keyOf(pk, 'check'),
          ConditionExpression: '#open = :true',
          ExpressionAttributeNames: { '#open': 'open' },
          ExpressionAttributeValues: { ':true': { BOOL: true } },
        },
      },
    ]);
    expect(await get(keyOf(pk, 'new'))).toEqual(keyOf(pk, 'new'));
    expect(await get(keyOf(pk, 'sum'))).toEqual({ ...keyOf(pk, 'sum'), n: N(7) });
    expect(await get(keyOf(pk, 'old'))).toBeUndefined();
  });

  test('one failed condition cancels all of it, with a reason per action and the stored item', async () => {
    const pk = newPartition();
    const stored = { ...keyOf(pk, 'b'), n: N(1) };
    await store(stored);
    const reasons = await reasonsOf(
      transact([put(keyOf(pk, 'a')), createOnce({ ...stored, n: N(2) }), add(keyOf(pk, 'c'), 1)]),
    );
    expect(reasons.map((reason) => reason.Code)).toEqual([
      'None',
      'ConditionalCheckFailed',
      'None',
    ]);
    expect(reasons[1]?.Item).toEqual(stored);
    expect(reasons[0]?.Item).toBeUndefined();
    expect(await get(keyOf(pk, 'a'))).toBeUndefined();
    expect(await get(keyOf(pk, 'c'))).toBeUndefined();
    expect(await get(keyOf(pk, 'b'))).toEqual(stored);
  });

  test('every failed condition is reported, not only the first', async () => {
    const pk = newPartition();
    await store(keyOf(pk, 'a'));
    await store(keyOf(pk, 'b'));
    const reasons = await reasonsOf(
      transact([createOnce(keyOf(pk, 'a')), createOnce(keyOf(pk, 'b'))]),
    );
    expect(reasons.map((reason) => reason.Code)).toEqual([
      'ConditionalCheckFailed',
      'ConditionalCheckFailed',
    ]);
    expect(reasons.map((reason) => reason.Item)).toEqual([keyOf(pk, 'a'), keyOf(pk, 'b')]);
  });

  test('arithmetic on a missing attribute cancels with ValidationError', async () => {
    const pk = newPartition();
    const reasons = await reasonsOf(
      transact([
        put(keyOf(pk, 'a')),
        {
          Update: {
            TableName: contract.table,
            Key: keyOf(pk, 'b'),
            UpdateExpression: 'SET n = n + :one',
            ExpressionAttributeValues: { ':one': N(1) },
          },
        },
      ]),
    );
    expect(reasons.map((reason) => reason.Code)).toEqual(['None', 'ValidationError']);
    expect(await get(keyOf(pk, 'a'))).toBeUndefined();
  });

  test('two actions on one item are refused', async () => {
    const pk = newPartition();
    const refusal = await refusalOf(transact([add(keyOf(pk), 1), put(keyOf(pk))]));
    expect(refusal.name).toBe('ValidationException');
  });

  test('a hundred actions are accepted, a hundred and one are not', async () => {
    const pk = newPartition();
    const actions = (count: number) =>
      Array.from({ length: count }, (_, n) => put(keyOf(pk, pad(n))));
    expect((await refusalOf(transact(actions(101)))).name).toBe('ValidationException');
    expect(await get(keyOf(pk, pad(0)))).toBeUndefined();
    await transact(actions(100));
    expect(await get(keyOf(pk, pad(99)))).toBeDefined();
  });

  test('more than 4 MB in one transaction are refused', async () => {
    const pk = newPartition();
    const big = S('x'.repeat(399_000));
    const actions = Array.from({ length: 11 }, (_, n) => put({ ...keyOf(pk, pad(n)), big }));
    expect((await refusalOf(transact(actions))).name).toBe('ValidationException');
    expect(await get(keyOf(pk, pad(0)))).toBeUndefined();
  });

  test('a table that is not there is refused as such', async () => {
    const refusal = await refusalOf(
      transact([{ Put: { TableName: `absent-${randomUUID()}`, Item: keyOf('a') } }]),
    );
    expect(refusal.name).toBe('ResourceNotFoundException');
  });
});

describe('client request tokens', () => {
  test('the same request under the same token is applied once and answered twice', async () => {
    const key = keyOf(newPartition());
    const token = randomUUID();
    await transact([add(key, 5)], token);
    await transact([add(key, 5)], token);
    expect(await get(key)).toMatchObject({ n: N(5) });
  });

  test('another request under the same token is refused', async () => {
    const key = keyOf(newPartition());
    const token = randomUUID();
    await transact([add(key, 5)], token);
    const refusal = await refusalOf(transact([add(key, 6)], token));
    expect(refusal.name).toBe('IdempotentParameterMismatchException');
    expect(await get(key)).toMatchObject({ n: N(5) });
  });

  test('the token of a cancelled transaction can be tried again', async () => {
    const key = keyOf(newPartition());
    const token = randomUUID();
    const remove = { Delete: { TableName: contract.table, Key: key } };
    await store(key);
    await reasonsOf(transact([createOnce(key)], token));
    await transact([remove]);
    await transact([createOnce(key)], token);
    expect(await get(key)).toEqual(key);
  });

  test('sent twenty times at the same time a transaction is applied once', async () => {
    const key = keyOf(newPartition());
    const token = randomUUID();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () =>
        transact([add(key, 5)], token).then(
          () => 'applied',
          (error: unknown) => (error instanceof Error ? error.name : 'unknown'),
        ),
      ),
    );
    const others = new Set(outcomes.filter((outcome) => outcome !== 'applied'));
    expect(outcomes).toContain('applied');
    expect([...others].every((name) => name === 'TransactionInProgressException')).toBe(true);
    expect(await get(key)).toMatchObject({ n: N(5) });
  });

  test('a token of more than 36 characters is refused', async () => {
    const refusal = await refusalOf(transact([put(keyOf(newPartition()))], 'x'.repeat(37)));
    expect(refusal.name).toBe('ValidationException');
  });
});

describe('reads of several items', () => {
  test('TransactGetItems answers in the order asked, with a gap for what is missing', async () => {
    const pk = newPartition();
    await store({ ...keyOf(pk, 'b'), n: N(2) });
    const answer = await contract.client.send(
      new TransactGetItemsCommand({
        TransactItems: ['a', 'b'].map((sk) => ({
          Get: { TableName: contract.table, Key: keyOf(pk, sk) },
        })),
      }),
    );
    expect(answer.Responses?.map((response) => response.Item)).toEqual([
      undefined,
      { ...keyOf(pk, 'b'), n: N(2) },
    ]);
  });

  test('a strongly consistent BatchGetItem sees a transaction that was acknowledged', async () => {
    const pk = newPartition();
    await transact([put(keyOf(pk, 'a')), put(keyOf(pk, 'b'))]);
    const answer = await contract.client.send(
      new BatchGetItemCommand({
        RequestItems: {
          [contract.table]: {
            Keys: ['a', 'b', 'missing'].map((sk) => keyOf(pk, sk)),
            ConsistentRead: true,
          },
        },
      }),
    );
    const found = answer.Responses?.[contract.table]?.map((item) => item['sk']?.S);
    expect(found?.toSorted()).toEqual(['a', 'b']);
    expect(answer.UnprocessedKeys ?? {}).toEqual({});
  });

  test('a BatchGetItem of more than 100 keys, or of one key twice, is refused', async () => {
    const pk = newPartition();
    const batch = (keys: Item[]) =>
      contract.client.send(
        new BatchGetItemCommand({ RequestItems: { [contract.table]: { Keys: keys } } }),
      );
    const many = Array.from({ length: 101 }, (_, n) => keyOf(pk, pad(n)));
    expect((await refusalOf(batch(many))).name).toBe('ValidationException');
    expect((await refusalOf(batch([keyOf(pk), keyOf(pk)]))).name).toBe('ValidationException');
    await batch(many.slice(1));
  });
});
