import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
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
const createOnce = (item: Item, returnOld = true) =>
  contract.client.send(
    new PutItemCommand({
      TableName: contract.table,
      Item: item,
      ConditionExpression: 'attribute_not_exists(pk)',
      ...(returnOld ? { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } : {}),
    }),
  );
const update = (input: Omit<UpdateItemCommandInput, 'TableName'>) =>
  contract.client.send(new UpdateItemCommand({ TableName: contract.table, ...input }));
const get = async (key: Item) =>
  (
    await contract.client.send(
      new GetItemCommand({ TableName: contract.table, Key: key, ConsistentRead: true }),
    )
  ).Item;

describe('conditional writes', () => {
  test('a second create is refused and hands out the stored item when asked', async () => {
    const key = keyOf(newPartition());
    const item = { ...key, n: N(1) };
    await createOnce(item);
    const refusal = await refusalOf(createOnce({ ...item, n: N(2) }));
    expect(refusal).toBeInstanceOf(ConditionalCheckFailedException);
    expect(refusal).toMatchObject({ Item: item });
    expect(await get(key)).toEqual(item);
  });

  test('a refused create does not hand out the stored item unasked', async () => {
    const item = keyOf(newPartition());
    await createOnce(item);
    const refusal = await refusalOf(createOnce(item, false));
    expect(refusal.name).toBe('ConditionalCheckFailedException');
    expect(refusal).toMatchObject({ Item: undefined });
  });

  test('of twenty creates at the same time exactly one wins', async () => {
    const pk = newPartition();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => createOnce({ ...keyOf(pk), n: N(n) })),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  });

  test('an update on a version that has moved changes nothing', async () => {
    const key = keyOf(newPartition());
    await put({ ...key, version: N(3), balance: N(10) });
    const refusal = await refusalOf(
      update({
        Key: key,
        UpdateExpression: 'SET balance = :zero',
        ConditionExpression: 'version = :read',
        ExpressionAttributeValues: { ':zero': N(0), ':read': N(2) },
      }),
    );
    expect(refusal.name).toBe('ConditionalCheckFailedException');
    expect(await get(key)).toMatchObject({ balance: N(10) });
  });

  test('a delete is conditional too, and deleting nothing succeeds', async () => {
    const key = keyOf(newPartition());
    await put({ ...key, state: S('open') });
    const remove = (state: string) =>
      contract.client.send(
        new DeleteItemCommand({
          TableName: contract.table,
          Key: key,
          ConditionExpression: 'attribute_not_exists(pk) OR #state = :state',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':state': S(state) },
          ReturnValues: 'ALL_OLD',
        }),
      );
    expect((await refusalOf(remove('closed'))).name).toBe('ConditionalCheckFailedException');
    expect((await remove('open')).Attributes).toEqual({ ...key, state: S('open') });
    expect((await remove('open')).Attributes).toBeUndefined();
  });

  test.each([
    ['BETWEEN', 'n BETWEEN :low AND :high'],
    ['IN', 'n IN (:low, :five)'],
    ['size', 'size(pk) > :low'],
    ['begins_with', 'begins_with(pk, :check)'],
    ['contains in a list', 'contains(tags, :check)'],
    ['attribute_type', 'attribute_type(n, :number)'],
    ['NOT and a nested path', 'NOT nested.parts[0] = :low AND nested.parts[1] = :low'],
  ])('conditions know %s', async (_name, expression) => {
    const key = keyOf(newPartition());
    const parts = { L: [N(4), N(1)] };
    await put({ ...key, n: N(5), tags: { L: [S('CHECK#')] }, nested: { M: { parts } } });
    const values = {
      ':low': N(1),
      ':high': N(9),
      ':five': N(5),
      ':check': S('CHECK#'),
      ':number': S('N'),
    };
    const used = Object.entries(values).filter(([name]) => expression.includes(name));
    const attempt = (condition: string) =>
      update({
        Key: key,
        UpdateExpression: 'SET seen = if_not_exists(seen, pk)',
        ConditionExpression: condition,
        ExpressionAttributeValues: Object.fromEntries(used),
      });
    await attempt(expression);
    expect((await refusalOf(attempt(`NOT (${expression})`))).name).toBe(
      'ConditionalCheckFailedException',
    );
  });
});

describe('updates', () => {
  test('a hundred ADDs at the same time all count', async () => {
    const key = keyOf(newPartition());
    await Promise.all(
      Array.from({ length: 100 }, () =>
        update({
          Key: key,
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': N(1) },
        }),
      ),
    );
    expect(await get(key)).toMatchObject({ n: N(100) });
  });

  test('if_not_exists, list_append, sets and REMOVE do what they say in one update', async () => {
    const key = keyOf(newPartition());
    await put({ ...key, list: { L: [N(1)] }, set: { SS: ['a', 'b'] }, gone: S('x') });
    await update({
      Key: key,
      UpdateExpression:
        'SET n = if_not_exists(n, :ten) - :one, #list = list_append(#list, :more) REMOVE gone ADD #set :c',
      ExpressionAttributeNames: { '#list': 'list', '#set': 'set' },
      ExpressionAttributeValues: {
        ':ten': N(10),
        ':one': N(1),
        ':more': { L: [N(2)] },
        ':c': { SS: ['c'] },
      },
    });
    const { set, ...rest } = (await get(key)) ?? {};
    expect(rest).toEqual({ ...key, n: N(9), list: { L: [N(1), N(2)] } });
    expect(set?.SS?.toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('taking the last member out of a set takes the attribute away', async () => {
    const key = keyOf(newPartition());
    await put({ ...key, set: { SS: ['a'] } });
    await update({
      Key: key,
      UpdateExpression: 'DELETE #set :a',
      ExpressionAttributeNames: { '#set': 'set' },
      ExpressionAttributeValues: { ':a': { SS: ['a'] } },
    });
    expect(await get(key)).toEqual(key);
  });

  test('ReturnValues gives the old or the new, all or what was updated', async () => {
    const key = keyOf(newPartition());
    await put({ ...key, n: N(1), other: S('x') });
    const increment = async (returnValues: UpdateItemCommandInput['ReturnValues']) =>
      (
        await update({
          Key: key,
          UpdateExpression: 'SET n = n + :one',
          ExpressionAttributeValues: { ':one': N(1) },
          ReturnValues: returnValues,
        })
      ).Attributes;
    expect(await increment('ALL_OLD')).toEqual({ ...key, n: N(1), other: S('x') });
    expect(await increment('UPDATED_OLD')).toEqual({ n: N(2) });
    expect(await increment('UPDATED_NEW')).toEqual({ n: N(4) });
    expect(await increment('ALL_NEW')).toEqual({ ...key, n: N(5), other: S('x') });
    expect(await increment('NONE')).toBeUndefined();
  });

  test.each<[string, Partial<UpdateItemCommandInput>]>([
    [
      'arithmetic on a missing attribute',
      { UpdateExpression: 'SET n = n + :v', ExpressionAttributeValues: { ':v': N(1) } },
    ],
    [
      'arithmetic on text',
      { UpdateExpression: 'SET n = pk + :v', ExpressionAttributeValues: { ':v': N(1) } },
    ],
    [
      'a change of a key attribute',
      { UpdateExpression: 'SET sk = :v', ExpressionAttributeValues: { ':v': S('b') } },
    ],
    [
      'a reserved word as a name',
      { UpdateExpression: 'SET status = :v', ExpressionAttributeValues: { ':v': S('b') } },
    ],
    ['a value that is not given', { UpdateExpression: 'SET n = :v' }],
    [
      'a value that is not used',
      { UpdateExpression: 'REMOVE n', ExpressionAttributeValues: { ':v': N(1) } },
    ],
    [
      'a name that is not used',
      { UpdateExpression: 'REMOVE n', ExpressionAttributeNames: { '#v': 'v' } },
    ],
    [
      'two changes of one path',
      {
        UpdateExpression: 'SET n = :v, n = :v',
        ExpressionAttributeValues: { ':v': N(1) },
      },
    ],
    ['a syntax error', { UpdateExpression: 'SET n = = n' }],
    [
      'a wrong type for an index key',
      { UpdateExpression: 'SET gsi1pk = :v', ExpressionAttributeValues: { ':v': N(1) } },
    ],
  ])('an update with %s is refused', async (_name, input) => {
    const key = keyOf(newPartition());
    const refusal = await refusalOf(update({ Key: key, ...input }));
    expect(refusal.name).toBe('ValidationException');
    expect(await get(key)).toBeUndefined();
  });
});
