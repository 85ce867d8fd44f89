import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import {
  keyOf,
  N,
  newPartition,
  openContract,
  ownStack,
  refusalOf,
  S,
  type Contract,
  type Item,
} from '#tests/contract/dynamodb/contract';

const SPENDS = 200;
const BALANCE = 150;
const ATTEMPTS_MAX = 60;
const BACKOFF_BASE_MS = 40;
const BACKOFF_MAX_MS = 2_560;

let contract: Contract;
let impatient: DynamoDBClient;
beforeAll(async () => {
  contract = await openContract();
  // Conflicts must reach the test and not the SDK's own retries.
  impatient = new DynamoDBClient({
    ...contract.config,
    maxAttempts: 1,
    requestHandler: { httpAgent: { maxSockets: SPENDS }, httpsAgent: { maxSockets: SPENDS } },
  });
});
afterAll(async () => {
  impatient.destroy();
  await contract.close();
});

const get = async (key: Item) =>
  (
    await contract.client.send(
      new GetItemCommand({ TableName: contract.table, Key: key, ConsistentRead: true }),
    )
  ).Item;
const put = (item: Item) =>
  contract.client.send(new PutItemCommand({ TableName: contract.table, Item: item }));
const transactPut = (items: readonly Item[], token: string = randomUUID()) =>
  impatient.send(
    new TransactWriteItemsCommand({
      TransactItems: items.map((item) => ({ Put: { TableName: contract.table, Item: item } })),
      ClientRequestToken: token,
    }),
  );

const tokenOf = (item: Item) => (item['pk']?.S ?? '').slice(-36);

/** One credit off a balance and one entry for it, as the ledger writes a spend. */
const spend = (head: Item, entry: string) =>
  impatient.send(
    new TransactWriteItemsCommand({
      TransactItems: [
        {
          Update: {
            TableName: contract.table,
            Key: head,
            UpdateExpression: 'SET balance = balance - :one',
            ConditionExpression: 'balance >= :one',
            ExpressionAttributeValues: { ':one': N(1) },
          },
        },
        {
          Put: {
            TableName: contract.table,
            Item: { ...head, sk: S(entry) },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
      ],
    }),
  );

type SpendOutcome = 'done' | 'conflict' | 'refused';

async function outcomeOf(call: Promise<unknown>): Promise<SpendOutcome> {
  try {
    await call;
    return 'done';
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    const codes = (error.CancellationReasons ?? []).map((reason) => reason.Code);
    if (codes.includes('TransactionConflict')) return 'conflict';
    expect(codes).toEqual(['ConditionalCheckFailed', 'None']);
    return 'refused';
  }
}

async function spendAll(attempt: (head: Item, entry: string) => Promise<SpendOutcome>) {
  const head = keyOf(newPartition(), 'HEAD');
  await put({ ...head, balance: N(BALANCE) });
  const outcomes = await Promise.all(
    Array.from({ length: SPENDS }, (_, n) => attempt(head, `ENTRY#${n}`)),
  );
  const of = (wanted: SpendOutcome) => outcomes.filter((outcome) => outcome === wanted).length;
  const left = Number((await get(head))?.['balance']?.N);
  return { done: of('done'), conflicts: of('conflict'), refused: of('refused'), left };
}

describe('transactions at the same time', () => {
  test('of 200 spends of one balance some meet a conflict, and only the others count', async () => {
    const { done, conflicts, refused, left } = await spendAll((head, entry) =>
      outcomeOf(spend(head, entry)),
    );
    expect(conflicts).toBeGreaterThan(0);
    expect(done).toBeGreaterThan(0);
    expect(done + conflicts + refused).toBe(SPENDS);
    expect(left).toBe(BALANCE - done);
  });

  test('with a retry of conflicts 200 spends of 150 credits end with 150 done, 50 refused and nothing left', async () => {
    let conflicts = 0;
    const result = await spendAll(async (head, entry) => {
      for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
        const outcome = await outcomeOf(spend(head, entry));
        if (outcome !== 'conflict') return outcome;
        conflicts += 1;
        // Full jitter, as the application's own retry has it: without it the spends keep meeting each other.
        await pause(Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** attempt));
      }
      return 'conflict';
    });
    expect(conflicts).toBeGreaterThan(0);
    expect(result).toEqual({ done: BALANCE, conflicts: 0, refused: SPENDS - BALANCE, left: 0 });
  }, 120_000);

  test('transactions on different items do not disturb each other', async () => {
    const pk = newPartition();
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => transactPut([keyOf(pk, String(n)), keyOf(pk, `x${n}`)])),
    );
    expect(await get(keyOf(pk, '49'))).toBeDefined();
  });

  test('readers never see half of a transfer', async () => {
    const pk = newPartition();
    const accounts = ['a', 'b', 'c', 'd'].map((sk) => keyOf(pk, sk));
    for (const account of accounts) await put({ ...account, balance: N(100) });
    const move = (from: Item | undefined, to: Item | undefined) =>
      impatient.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { key: from, n: -1 },
            { key: to, n: 1 },
          ].map(({ key, n }) => ({
            Update: {
              TableName: contract.table,
              Key: key,
              UpdateExpression: 'ADD balance :n',
              ExpressionAttributeValues: { ':n': N(n) },
            },
          })),
        }),
      );
    const snapshot = async () => {
      const { Responses: responses } = await impatient.send(
        new TransactGetItemsCommand({
          TransactItems: accounts.map((Key) => ({ Get: { TableName: contract.table, Key } })),
        }),
      );
      return responses?.reduce((sum, { Item: item }) => sum + Number(item?.['balance']?.N), 0);
    };
    const calls = Array.from({ length: 200 }, (_, n) =>
      n % 4 === 0 ? snapshot() : move(accounts[n % 4], accounts[(n + 1) % 4]),
    );
    const outcomes = await Promise.allSettled(calls);
    const sums = outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' && typeof outcome.value === 'number' ? [outcome.value] : [],
    );
    expect(new Set([...sums, await snapshot()])).toEqual(new Set([400]));
  });
});

describe('while a transaction is in flight on an item', () => {
  /** Keeps a transaction on `item` in flight until `during` has its answers. */
  async function withTransactionOn<R>(
    context: TestContext,
    item: Item,
    during: () => Promise<R>,
  ): Promise<R> {
    const { dynamo } = ownStack(contract, context, 'a transaction that stays in flight');
    const hold = dynamo.faults.holdNextTransaction();
    const transaction = transactPut([item], tokenOf(item));
    await hold.held;
    try {
      return await during();
    } finally {
      hold.release();
      await transaction;
    }
  }

  test('another transaction is cancelled, with the reason at the action that met it', async (context) => {
    const item = keyOf(newPartition());
    const other = keyOf(newPartition());
    const refusal = await withTransactionOn(context, item, () =>
      refusalOf(transactPut([other, item])),
    );
    expect(refusal).toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'None' }, { Code: 'TransactionConflict' }],
    });
    expect(await get(other)).toBeUndefined();
  });

  test('a transactional read is cancelled, a plain one is answered', async (context) => {
    const item = keyOf(newPartition());
    const refusal = await withTransactionOn(context, item, async () => {
      await get(item);
      return refusalOf(
        impatient.send(
          new TransactGetItemsCommand({
            TransactItems: [{ Get: { TableName: contract.table, Key: item } }],
          }),
        ),
      );
    });
    expect(refusal).toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'TransactionConflict' }],
    });
  });

  test('a put and an update are refused with TransactionConflictException', async (context) => {
    const item = keyOf(newPartition());
    const names = await withTransactionOn(context, item, async () => {
      const calls = [
        impatient.send(new PutItemCommand({ TableName: contract.table, Item: item })),
        impatient.send(
          new UpdateItemCommand({
            TableName: contract.table,
            Key: item,
            UpdateExpression: 'REMOVE n',
          }),
        ),
      ];
      return Promise.all(calls.map(async (call) => (await refusalOf(call)).name));
    });
    expect(names).toEqual(['TransactionConflictException', 'TransactionConflictException']);
  });

  test('a batch gives the item back as unprocessed and writes the others', async (context) => {
    const item = keyOf(newPartition());
    const other = keyOf(newPartition());
    const requests = [item, other].map((Item) => ({ PutRequest: { Item } }));
    const answer = await withTransactionOn(context, item, () =>
      impatient.send(new BatchWriteItemCommand({ RequestItems: { [contract.table]: requests } })),
    );
    expect(answer.UnprocessedItems).toEqual({ [contract.table]: requests.slice(0, 1) });
    expect(await get(other)).toEqual(other);
  });

  test('its own token sent again is TransactionInProgress', async (context) => {
    const item = keyOf(newPartition());
    const refusal = await withTransactionOn(context, item, () =>
      refusalOf(transactPut([item], tokenOf(item))),
    );
    expect(refusal.name).toBe('TransactionInProgressException');
  });

  test('the replay of a finished transaction on that item gets its first answer', async (context) => {
    const item = keyOf(newPartition());
    const token = randomUUID();
    await transactPut([{ ...item, n: N(1) }], token);
    await withTransactionOn(context, { ...item, n: N(2) }, () =>
      transactPut([{ ...item, n: N(1) }], token),
    );
    expect(await get(item)).toEqual({ ...item, n: N(2) });
  });
});
