import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fulfillBatch, type QueuedDelivery } from '#functions/fulfillment/fulfill-batch';
import type { FulfillmentDependencies } from '#functions/fulfillment/fulfill-message';
import type { LedgerStore } from '#lib/ports';
import { statusOf } from '#lib/purchases/purchase-status';
import { createQuarantineStore } from '#lib/store/quarantine-store';
import { keyOfRecord } from '#lib/store/records';
import { testRuntime } from '#tests/http/events';
import { checkoutEventBody, type CheckoutEventParts } from '#tests/payments/stripe-deliveries';
import { purchaseOf } from '#tests/purchases/purchase-builders';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

let test: TestLedger;
let counted: string[];
let runtime: ReturnType<typeof testRuntime>;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});
beforeEach(() => {
  counted = [];
  runtime = testRuntime();
});

let made = 0;

/** A purchase with its session, of a user of its own, and Stripe's events about it. */
async function givenPurchase() {
  made += 1;
  const id = `pur_${made}`;
  const userId = `user-${made}`;
  const session = { id: `cs_test_${made}`, url: 'https://checkout.example/1', expiresAt: null };
  await test.ledger.write([
    {
      record: 'purchase',
      id: { purchaseId: id },
      value: purchaseOf({ id, userId, session }),
      version: null,
    },
    {
      record: 'paymentReference',
      id: { provider: 'stripe', ref: session.id },
      value: { purchaseId: id },
      version: null,
    },
  ]);
  const own = { id: session.id, client_reference_id: id, payment_intent: `pi_${id}` };
  return {
    balance: async () => (await test.ledger.loadHead({ userId, creditType: 'general' })).balance,
    entries: async () => (await test.ledger.loadEntries(userId)).length,
    status: async () => {
      const read = await test.ledger.load([{ record: 'purchase', id: { purchaseId: id } }]);
      const purchase = read('purchase', { purchaseId: id });
      return purchase && statusOf(purchase.value);
    },
    /** Leaves an item that no code of ours writes, so that its event can never be applied. */
    spoil: () =>
      test.documents.send(
        new UpdateCommand({
          TableName: test.table.name,
          Key: keyOfRecord('purchase', { purchaseId: id }),
          UpdateExpression: 'SET credits = :many',
          ExpressionAttributeValues: { ':many': 'many' },
        }),
      ),
    body: (parts: CheckoutEventParts = {}) =>
      checkoutEventBody({
        id: `evt_${id}`,
        ...parts,
        session: { ...own, ...parts.session },
      }),
  };
}

function message(body: string, index = 0) {
  const received_at = '2026-11-18T11:06:41.000Z';
  return {
    messageId: `message-${index}`,
    attributes: { ApproximateReceiveCount: '1' },
    body: JSON.stringify({ provider: 'stripe', received_at, body }),
  };
}

function dependencies(store: LedgerStore = test.ledger): FulfillmentDependencies {
  return {
    store,
    history: test.history,
    livemode: false,
    now: () => new Date('2026-11-18T11:06:42.000Z'),
    count: (name) => counted.push(name),
    log: runtime.log,
  };
}

function fulfill(bodies: readonly string[]) {
  return fulfillBatch(dependencies(), bodies.map(message));
}

/** The queue's own part: what failed comes again, and is a dead letter after five deliveries (DESIGN 6). */
async function playQueue(messages: readonly QueuedDelivery[]) {
  let waiting = messages;
  const deliveries: number[] = [];
  while (deliveries.length < 5) {
    deliveries.push(waiting.length);
    const attributes = { ApproximateReceiveCount: String(deliveries.length) };
    const records = waiting.map((each) => ({ ...each, attributes }));
    const { batchItemFailures } = await fulfillBatch(dependencies(), records);
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    waiting = waiting.filter(({ messageId }) => failed.has(messageId));
  }
  return { deliveries, deadLetters: waiting.map(({ messageId }) => messageId) };
}

async function quarantined(eventId: string) {
  const page = await createQuarantineStore(test.table).page({
    provider: 'stripe',
    after: null,
    offset: 0,
    limit: 100,
  });
  return page.events.find((event) => event.eventId === eventId);
}

describe('fulfillment', () => {
  it('credits once for 10 deliveries in 10 batches at once', async () => {
    const { body, balance, entries, status } = await givenPurchase();
    const answers = await Promise.all(Array.from({ length: 10 }, () => fulfill([body()])));
    expect(answers.flatMap(({ batchItemFailures }) => batchItemFailures)).toEqual([]);
    expect([await balance(), await entries(), await status()]).toEqual([100, 1, 'paid']);
  });

  const late = { id: 'evt_late', type: 'checkout.session.async_payment_succeeded' };
  it.each([
    ['completed unpaid first', [{ session: { payment_status: 'unpaid' } }, late]],
    ['async_payment_succeeded first', [late, { session: { payment_status: 'unpaid' } }]],
    ['completed paid first', [{}, late]],
    ['async_payment_succeeded before completed paid', [late, {}]],
  ])('credits once, %s', async (_, parts) => {
    const { body, balance, entries, status } = await givenPurchase();
    await fulfill(parts.map(body));
    expect([await balance(), await entries(), await status()]).toEqual([100, 1, 'paid']);
  });

  it('ignores what it did not subscribe to', async () => {
    const { body, balance } = await givenPurchase();
    const answer = await fulfill([body({ id: 'evt_ignored', type: 'payment_intent.created' })]);
    expect(answer.batchItemFailures).toEqual([]);
    expect(await balance()).toBe(0);
    expect(await quarantined('evt_ignored')).toBeUndefined();
  });

  it.each<[string, CheckoutEventParts, string]>([
    ['a wrong amount', { session: { amount_total: 100 } }, 'WRONG_AMOUNT'],
    ['a wrong currency', { session: { currency: 'eur' } }, 'WRONG_CURRENCY'],
    [
      'an unknown session',
      { session: { id: 'cs_test_stranger', client_reference_id: null } },
      'UNKNOWN_SESSION',
    ],
    ['the wrong livemode', { livemode: true }, 'WRONG_LIVEMODE'],
    ['another API release', { apiVersion: '2025-03-31.basil' }, 'WRONG_API_VERSION'],
    ['a session of a broken shape', { session: { amount_total: null } }, 'MALFORMED_EVENT'],
  ])('keeps an event with %s for a person, and credits nothing', async (_, parts, reason) => {
    const { body, balance, entries, status } = await givenPurchase();
    const id = `evt_odd_${made}`;
    const odd = body({ id, ...parts });
    expect((await fulfill([odd, odd])).batchItemFailures).toEqual([]);
    expect([await balance(), await entries(), await status()]).toEqual([0, 0, 'pending']);
    expect(await quarantined(id)).toMatchObject({
      reason,
      type: 'checkout.session.completed',
      body: odd,
      receivedAt: '2026-11-18T11:06:41.000Z',
      deliveries: 2,
    });
    expect(counted).toEqual(['EventsQuarantined', 'EventsQuarantined']);
  });

  it('keeps a body that names no event under its hash', async () => {
    expect((await fulfill(['{"half": '])).batchItemFailures).toEqual([]);
    const page = await createQuarantineStore(test.table).page({
      after: null,
      offset: 0,
      limit: 100,
    });
    const kept = page.events.find(({ body }) => body === '{"half": ');
    expect(kept).toMatchObject({ type: null, reason: 'MALFORMED_EVENT' });
    expect(kept?.eventId).toMatch(/^body_[0-9a-f]{64}$/);
  });

  it.each(Array.from({ length: 10 }, (_, place) => place))(
    'a message that can never be handled, at place %i of ten, ends alone among the dead letters after five deliveries',
    async (place) => {
      const purchases = await Promise.all(Array.from({ length: 10 }, givenPurchase));
      const poisoned = purchases[place];
      // Every other one reads well and names a purchase that does not.
      if (place % 2 === 1) await poisoned?.spoil();
      const unreadable = { ...message('', place), body: 'not ours' };
      const { deadLetters, deliveries } = await playQueue(
        purchases.map(({ body }, index) =>
          index === place && place % 2 === 0 ? unreadable : message(body(), index),
        ),
      );
      expect(deadLetters).toEqual([`message-${place}`]);
      expect(deliveries).toEqual([10, 1, 1, 1, 1]);
      for (const purchase of purchases) {
        const credits = purchase === poisoned ? [0, 0] : [100, 1];
        expect([await purchase.balance(), await purchase.entries()]).toEqual(credits);
      }
      expect(counted).toEqual([]);
    },
  );

  it('tries again later when the table does not answer, and drops nothing', async () => {
    const { body, balance } = await givenPurchase();
    const down = async (): Promise<never> => {
      throw new Error('the table is away');
    };
    const store = { ...test.ledger, load: down };
    const answer = await fulfillBatch(dependencies(store), [message(body())]);
    expect(answer.batchItemFailures).toEqual([{ itemIdentifier: 'message-0' }]);
    await fulfill([body()]);
    expect(await balance()).toBe(100);
  });

  it('writes no body, address or amount of money to the log', async () => {
    const { body } = await givenPurchase();
    await fulfill([body({ session: { customer_email: 'ada@example.com' } }), '{"half": ', 'x']);
    expect(JSON.stringify(runtime.lines)).not.toMatch(/ada@|amount_total|half/);
  });
});
