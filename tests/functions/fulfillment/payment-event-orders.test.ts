import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { fulfillBatch, type QueuedDelivery } from '#functions/fulfillment/fulfill-batch';
import type { FulfillmentDependencies } from '#functions/fulfillment/fulfill-message';
import { receiveEvent } from '#functions/webhooks/stripe/receive-event';
import type { QuarantinedEvent } from '#lib/purchases/quarantined-event';
import { createQuarantineStore } from '#lib/store/quarantine-store';
import { testRuntime } from '#tests/http/events';
import {
  signatureHeader,
  stripeEventBody,
  WEBHOOK_SECRET,
} from '#tests/payments/stripe-deliveries';
import { beginStory, canonicalDump, type StoryEvent } from '#tests/purchases/payment-story';
import { permutationsOf } from '#tests/purchases/purchase-builders';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const NOW = new Date('2026-11-20T12:00:00.000Z');

let test: TestLedger;
let counted: string[] = [];
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});

/** Fulfils whatever is queued; the queue's own part is played by handing failed messages back. */
async function fulfil(bodies: readonly string[], deliveries = 1): Promise<readonly string[]> {
  const { log } = testRuntime();
  const deps: FulfillmentDependencies = {
    store: test.ledger,
    history: test.history,
    livemode: false,
    now: () => NOW,
    count: (name) => counted.push(name),
    log,
  };
  const records = bodies.map((body, index): QueuedDelivery => ({
    messageId: `${index}`,
    attributes: { ApproximateReceiveCount: String(deliveries) },
    body,
  }));
  const { batchItemFailures } = await fulfillBatch(deps, records);
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

/** Signs a body as Stripe does and hands it to the receiver; what that queues, or null where it refuses. */
async function receive(body: string): Promise<string> {
  const queued: string[] = [];
  const answer = await receiveEvent(
    {
      queue: { send: async (message) => void queued.push(message) },
      secret: { read: async () => ({ current: WEBHOOK_SECRET }) },
      now: () => NOW,
      log: testRuntime().log,
    },
    {
      headers: {
        'stripe-signature': signatureHeader(body, { seconds: NOW.getTime() / 1_000 }),
      },
      body,
      isBase64Encoded: false,
      requestContext: { requestId: 'request-1', http: { method: 'POST' } },
    },
  );
  expect(answer.statusCode).toBe(200);
  return queued[0] ?? '';
}

/** Every event that was kept; those that only waited for their payment are hundreds. */
async function quarantined() {
  const store = createQuarantineStore(test.table);
  const events: QuarantinedEvent[] = [];
  let after: string | null = null;
  do {
    const page = await store.page({ provider: 'stripe', after, offset: 0, limit: 100 });
    events.push(...page.events);
    after = page.next;
  } while (after !== null);
  return events;
}

let told = 0;

async function tell(events: readonly StoryEvent[], options: { readonly entries: boolean }) {
  told += 1;
  const story = await beginStory(test.ledger, `story${told}z`);
  const messages = await Promise.all(events.map((event) => receive(story.bodies[event])));
  expect(await fulfil(messages)).toEqual([]);
  return canonicalDump(test.ledger, story, options);
}

describe('signed, queued and fulfilled on the table’s engine, every order ends in one place:', () => {
  it('a payment and a refund, one of the events twice', async () => {
    const events = [
      'completed',
      'intent_succeeded',
      'async_succeeded',
      'refund_created',
      'charge_refunded',
    ] as const;
    const dumps = new Set<string>();
    for (const [index, order] of permutationsOf(events).entries()) {
      const twice = order.slice(index % order.length).slice(0, 1);
      dumps.add(await tell([...order, ...twice], { entries: true }));
    }
    expect(dumps.size).toBe(1);
    expect([...dumps][0]).toContain('"status":"partially_refunded"');
  });

  it.each(['dispute_won', 'dispute_lost'] as const)('a payment and a %s', async (verdict) => {
    const events = ['completed', 'dispute_created', 'funds_withdrawn', verdict] as const;
    const dumps = new Set<string>();
    for (const order of permutationsOf(events)) {
      dumps.add(await tell([...order, verdict], { entries: verdict === 'dispute_lost' }));
    }
    expect(dumps.size).toBe(1);
    const status = verdict === 'dispute_won' ? 'paid' : 'disputed';
    expect([...dumps][0]).toContain(`"status":"${status}"`);
  });

  it('counted', () => {
    console.info(`payment events through the handlers: ${told} runs`);
    expect(told).toBe(120 + 24 + 24);
  });
});

describe('an event of unknown meaning', () => {
  it.each([
    ['refund.updated', 'refund', { status: 'reversed' }],
    ['charge.dispute.updated', 'dispute', { status: 'prevented' }],
    ['charge.dispute.closed', 'dispute', { status: 'settled_at_the_bank' }],
  ])('%s moves nothing, is kept and counted', async (type, object, changes) => {
    counted = [];
    told += 1;
    const story = await beginStory(test.ledger, `story${told}z`);
    await fulfil([await receive(story.bodies.completed)]);
    const known = object === 'refund' ? story.bodies.refund_created : story.bodies.dispute_created;
    const { data } = z
      .object({ data: z.object({ object: z.looseObject({}) }) })
      .parse(JSON.parse(known));
    const id = `evt_odd_${told}`;
    const odd = stripeEventBody({ id, type, object: { ...data.object, ...changes } });
    expect(await fulfil([await receive(odd)])).toEqual([]);
    expect((await quarantined()).find(({ eventId }) => eventId === id)).toMatchObject({
      reason: 'UNKNOWN_STATUS',
      body: odd,
    });
    expect(counted).toEqual(['EventsQuarantined']);
    expect((await test.ledger.loadHead(story.wallet)).balance).toBe(500);
  });
});
