import { DynamoDBStreamsClient, ListStreamsCommand } from '@aws-sdk/client-dynamodb-streams';
import { SQSClient } from '@aws-sdk/client-sqs';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { publishRecords, type StreamDependencies } from '#functions/stream/publish-records';
import { startStreamSource } from '#infra/local/sources/stream-source';
import { openState } from '#infra/local/state';
import { eventSchemas } from '#lib/contract/events';
import { transaction, purchase as wirePurchase } from '#lib/contract/wire';
import type { Decision } from '#lib/ledger/decision';
import { captureHold, placeHold } from '#lib/ledger/hold';
import type { Head } from '#lib/ledger/wallet';
import { createEventBus } from '#lib/messaging/event-bus';
import { parseMessage } from '#lib/notifications/email-request';
import type { Purchase } from '#lib/purchases/purchase';
import { planOf } from '#lib/wallets/plan';
import { purchaseOf } from '#tests/purchases/purchase-builders';
import { openTestEventBus, type TestEventBus } from '#tests/support/event-bus';
import { keptLog } from '#tests/support/kept-log';
import { addWork, NOW, openTestLedger, spendWork, type TestLedger } from '#tests/support/ledger';
import { streamRecordsOf } from '#tests/support/stream-records';

let test: TestLedger;
let bus: TestEventBus;
let messages: string[];
/** How many of the next sends to the queue fail. */
let queueFailures: number;
beforeEach(async () => {
  test = await openTestLedger();
  bus = await openTestEventBus();
  messages = [];
  queueFailures = 0;
});
afterEach(async () => {
  // Whatever a test publishes is as the contract tells consumers.
  for (const { 'detail-type': type, detail } of bus.events()) {
    expect(Object.keys(eventSchemas)).toContain(type);
    const schema = Object.entries(eventSchemas).find(([name]) => name === type)?.[1];
    schema?.parse(detail);
  }
  await bus.close();
  await test.close();
});

const wallet = { userId: 'ada', creditType: 'general' };
const payment = { ref: 'pi_1', amountMinor: 1_000, at: '2026-11-18T11:06:40.000Z' };

function dependencies(): StreamDependencies {
  return {
    bus: createEventBus(bus.name, { ...bus.config, maxAttempts: 1 }),
    notifications: {
      send: async (body) => {
        queueFailures -= 1;
        if (queueFailures >= 0) throw new Error('the queue is not there');
        messages.push(body);
      },
    },
    store: test.ledger,
    topUps: { send: async () => undefined },
    log: keptLog().log,
  };
}

/** Everything in the table's stream so far. */
const records = () => streamRecordsOf(test);

/** One purchase through its life; each call stores its next state. */
function purchaseStory() {
  let version: number | null = null;
  return async (changes: Partial<Purchase>) => {
    const value = purchaseOf(changes);
    const write = { record: 'purchase', id: { purchaseId: value.id }, value, version } as const;
    expect(await test.ledger.write([write])).toBe(true);
    version = (version ?? 0) + 1;
  };
}

/** Something in the table that looks like an entry, and is none. */
async function putUnreadableEntry() {
  const Item = { pk: 'USER#ada', sk: 'ENTRY#txn_broken', type: 'gossip' };
  await test.documents.send(new PutCommand({ TableName: test.tableName, Item }));
}

const types = () => bus.events().map((event) => event['detail-type']);
const transactionIds = () =>
  bus.events().map(({ detail }) => transaction.parse(detail['transaction']).transaction_id);
const sequenceOf = (record: DynamoDBRecord | undefined) => record?.dynamodb?.SequenceNumber;

describe('a new entry', () => {
  it('is told once, in the words of the API, and the head beside it is not', async () => {
    await test.ledger.run(addWork({ wallet, amount: 10, cause: 'welcome' }));
    await test.ledger.run(spendWork({ wallet, amount: 3, cause: 'lead-1' }));
    expect(await publishRecords(dependencies(), await records())).toEqual({
      batchItemFailures: [],
    });
    expect(bus.events()).toMatchObject([
      {
        'detail-type': 'credits.entry.created',
        source: 'credits',
        detail: { schema_version: 1, transaction: { seq: 1, amount: 10, balance_after: 10 } },
      },
      {
        'detail-type': 'credits.entry.created',
        detail: { schema_version: 1, transaction: { seq: 2, amount: -3, balance_after: 7 } },
      },
    ]);
    for (const { detail } of bus.events()) transaction.parse(detail['transaction']);
    expect(messages).toEqual([]);
  });

  it('is told again, with the same id, when its record comes again', async () => {
    await test.ledger.run(addWork({ wallet, amount: 10, cause: 'welcome' }));
    const batch = await records();
    await publishRecords(dependencies(), batch);
    await publishRecords(dependencies(), batch);
    const [first, second] = transactionIds();
    expect(second).toBe(first);
    expect(transactionIds()).toHaveLength(2);
  });
});

describe('a hold', () => {
  it('is told when it is placed and when it ends, beside the entries that do so', async () => {
    const command = { now: NOW, actor: 'service:test', description: 'Call' };
    const work = (cause: string, decide: (head: Head) => Decision) => ({
      wallets: [wallet] as const,
      cause,
      fingerprint: null,
      decide: ({ heads: [head] }: { readonly heads: readonly [Head, ...Head[]] }) =>
        planOf(decide(head)),
    });
    await test.ledger.run(addWork({ wallet, amount: 50, cause: 'welcome' }));
    const expiresAt = '2026-11-21T00:00:00.000Z';
    const hold = { holdId: 'hld_1', amount: 30, caps: [], expiresAt };
    await test.ledger.run(
      work('p', (head) => placeHold(head, { ...command, cause: 'p', ...hold })),
    );
    const capture = { cause: 'c', holdId: 'hld_1', amount: 20, caps: [] };
    await test.ledger.run(work('c', (head) => captureHold(head, { ...command, ...capture })));
    await publishRecords(dependencies(), await records());
    const told = bus.events().filter(({ 'detail-type': type }) => type.includes('.hold.'));
    expect(told).toMatchObject([
      { 'detail-type': 'credits.hold.placed', detail: { hold_id: 'hld_1', amount: 30, seq: 2 } },
      { 'detail-type': 'credits.hold.captured', detail: { hold_id: 'hld_1', amount: 30, seq: 3 } },
    ]);
  });
});

describe('a purchase', () => {
  it('is told when its money arrives, and its buyer gets a receipt', async () => {
    const store = purchaseStory();
    await store({});
    await store({ session: { id: 'cs_1', url: null, expiresAt: null } });
    await store({ payments: [payment], credited: { credits: 100, entryId: 'txn_1' } });
    await publishRecords(dependencies(), await records());
    expect(types()).toEqual(['credits.purchase.paid']);
    const [event] = bus.events();
    expect(event?.detail).toMatchObject({ schema_version: 1, previous_status: 'pending' });
    expect(wirePurchase.parse(event?.detail['purchase'])).toMatchObject({
      purchase_id: 'pur_1',
      status: 'paid',
      amount: 1_000,
      currency: 'USD',
      transaction_id: 'txn_1',
    });
    expect(messages.map((body): unknown => JSON.parse(body))).toEqual([
      {
        kind: 'purchase_receipt',
        user_id: 'user-1',
        about: 'pur_1',
        subject_id: 'pur_1',
      },
    ]);
  });

  it('is told of again as its state changes, and asks for each mail once', async () => {
    const store = purchaseStory();
    const refund = { id: 're_1', paymentRef: 'pi_1', at: payment.at } as const;
    const dispute = { id: 'dp_1', paymentRef: 'pi_1', amountMinor: 1_000, at: payment.at } as const;
    await store({ outcomes: [{ kind: 'failed', at: payment.at }] });
    await store({ payments: [payment] });
    await store({
      payments: [payment],
      refunds: [{ ...refund, amountMinor: 1, state: 'pending' }],
    });
    await store({
      payments: [payment],
      refunds: [{ ...refund, amountMinor: 1_000, state: 'succeeded' }],
    });
    await store({ payments: [payment], disputes: [{ ...dispute, state: 'open' }] });
    await store({ payments: [payment], disputes: [{ ...dispute, state: 'won' }] });
    await publishRecords(dependencies(), await records());
    expect(types()).toEqual([
      'credits.purchase.failed',
      'credits.purchase.paid',
      'credits.purchase.partially_refunded',
      'credits.purchase.refunded',
      'credits.purchase.disputed',
      'credits.purchase.restored',
    ]);
    expect(messages.map((body) => parseMessage(body).kind)).toEqual([
      'payment_failed',
      'purchase_receipt',
      'refund_done',
      'dispute_notice',
    ]);
  });

  it('whose refund was known before its payment is still told as paid, and then as refunded', async () => {
    const store = purchaseStory();
    const refunds = [
      { id: 're_1', paymentRef: 'pi_1', amountMinor: 1_000, state: 'succeeded', at: payment.at },
    ] as const;
    await store({ refunds: [...refunds] });
    await store({ refunds: [...refunds], payments: [payment] });
    await publishRecords(dependencies(), await records());
    expect(types()).toEqual(['credits.purchase.paid', 'credits.purchase.refunded']);
    expect(messages.map((body) => parseMessage(body).kind)).toEqual([
      'purchase_receipt',
      'refund_done',
    ]);
  });
});

describe('a batch that fails', () => {
  beforeEach(async () => {
    for (let n = 0; n < 12; n += 1) {
      await test.ledger.run(addWork({ wallet, amount: 1, cause: `grant-${n}` }));
    }
  });

  it('because the bus does not answer fails as a whole, and nothing is lost by the next try', async () => {
    bus.faults.add({ kind: 'unavailable', times: 1 });
    const batch = await records();
    await expect(publishRecords(dependencies(), batch)).rejects.toMatchObject({
      name: 'StreamRecordError',
    });
    expect(await publishRecords(dependencies(), batch)).toEqual({ batchItemFailures: [] });
    expect(new Set(transactionIds()).size).toBe(12);
  });

  it('in its second call to the bus goes on from the first record of that call', async () => {
    const batch = await records();
    const entries = batch.filter(({ dynamodb }) => dynamodb?.Keys?.['sk']?.S?.startsWith('ENTRY#'));
    const deps = dependencies();
    let calls = 0;
    const flaky: StreamDependencies = {
      ...deps,
      bus: {
        publish: async (events) => {
          calls += 1;
          if (calls === 2) throw new Error('the bus is not there');
          return deps.bus.publish(events);
        },
      },
    };
    expect(await publishRecords(flaky, batch)).toEqual({
      batchItemFailures: [{ itemIdentifier: sequenceOf(entries[10]) }],
    });
    expect(transactionIds()).toHaveLength(10);
  });

  it('because the bus refused one event goes on from the record of that event', async () => {
    const batch = await records();
    const entries = batch.filter(({ dynamodb }) => dynamodb?.Keys?.['sk']?.S?.startsWith('ENTRY#'));
    const deps = dependencies();
    const refusing: StreamDependencies = {
      ...deps,
      bus: {
        publish: async (events) =>
          events.map((_, index) =>
            index === 3 ? { ok: false, reason: 'Throttled' } : { ok: true },
          ),
      },
    };
    expect(await publishRecords(refusing, batch)).toEqual({
      batchItemFailures: [{ itemIdentifier: sequenceOf(entries[3]) }],
    });
  });

  it('because the queue is not there asks for the receipt again', async () => {
    const store = purchaseStory();
    await store({});
    await store({ payments: [payment] });
    const batch = await records();
    queueFailures = 1;
    const { batchItemFailures } = await publishRecords(dependencies(), batch);
    expect(batchItemFailures).toEqual([{ itemIdentifier: sequenceOf(batch.at(-1)) }]);
    const rest = batch.slice(-1);
    expect(await publishRecords(dependencies(), rest)).toEqual({ batchItemFailures: [] });
    expect(messages).toHaveLength(1);
  });
});

describe('a record that nobody can read', () => {
  it('holds up none before it', async () => {
    await test.ledger.run(addWork({ wallet, amount: 1, cause: 'before' }));
    await putUnreadableEntry();
    const batch = await records();
    expect(await publishRecords(dependencies(), batch)).toEqual({
      batchItemFailures: [{ itemIdentifier: sequenceOf(batch.at(-1)) }],
    });
    expect(types()).toEqual(['credits.entry.created']);
  });

  it('ends alone in the failure queue while everything around it is told', async () => {
    await test.ledger.run(addWork({ wallet, amount: 1, cause: 'before' }));
    await putUnreadableEntry();
    for (let n = 0; n < 5; n += 1) {
      await test.ledger.run(addWork({ wallet, amount: 1, cause: `after-${n}` }));
    }
    const givenUp = await consumeStream();
    expect(givenUp).toEqual([1]);
    expect(new Set(transactionIds()).size).toBe(6);
  });
});

/** Runs the event source of the local stack over the stream; gives the sizes of the batches it gave up on. */
async function consumeStream(): Promise<readonly number[]> {
  const client = new DynamoDBStreamsClient(test.config);
  const { Streams } = await client.send(new ListStreamsCommand({ TableName: test.tableName }));
  const state = openState(':memory:');
  const deps = dependencies();
  const givenUp: number[] = [];
  const source = await startStreamSource({
    source: {
      kind: 'stream',
      functionName: 'stream',
      tableName: test.tableName,
      batchSize: 100,
      bisectOnError: true,
      reportBatchItemFailures: true,
      maximumRetryAttempts: 1,
      maximumRecordAgeMs: -1,
      filters: [],
    },
    streamArn: Streams?.[0]?.StreamArn ?? '',
    client,
    queueClient: new SQSClient(test.config),
    invoker: {
      invoke: async (_, event) => {
        try {
          const result = await publishRecords(deps, recordsOf(event));
          return { ok: true, requestId: 'r', payload: JSON.stringify(result) };
        } catch (error) {
          const errorMessage = String(error);
          return {
            ok: false,
            requestId: 'r',
            reason: 'error',
            error: { errorType: 'Error', errorMessage, trace: [] },
          };
        }
      },
    },
    clock: test.clock,
    state,
    place: { region: 'us-east-1', accountId: '000000000000' },
    log: (line) => {
      const count = /could not handle (\d+) stream records/.exec(line)?.[1];
      if (count !== undefined) givenUp.push(Number(count));
    },
  });
  await source.drained();
  await source.close();
  state.close();
  return givenUp;
}

function recordsOf(event: unknown): readonly DynamoDBRecord[] {
  return z.object({ Records: z.array(z.custom<DynamoDBRecord>()) }).parse(event).Records;
}
