import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openStripeQueue, quarantinedIn } from '#tests/functions/fulfillment/stripe-queue';
import { stripeEventBody } from '#tests/payments/stripe-deliveries';
import { beginStory, canonicalDump, type StoryEvent } from '#tests/purchases/payment-story';
import { permutationsOf } from '#tests/purchases/purchase-builders';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const NOW = new Date('2026-11-20T12:00:00.000Z');

let test: TestLedger;
let queue: ReturnType<typeof openStripeQueue>;
beforeAll(async () => {
  test = await openTestLedger();
  queue = openStripeQueue(test, NOW);
});
afterAll(async () => {
  await test.close();
});

let told = 0;

async function tell(events: readonly StoryEvent[], options: { readonly entries: boolean }) {
  told += 1;
  const story = await beginStory(test.ledger, `story${told}z`);
  const messages = await Promise.all(events.map((event) => queue.receive(story.bodies[event])));
  expect(await queue.fulfil(messages)).toEqual([]);
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
    queue.takeCounted();
    told += 1;
    const story = await beginStory(test.ledger, `story${told}z`);
    await queue.fulfil([await queue.receive(story.bodies.completed)]);
    const known = object === 'refund' ? story.bodies.refund_created : story.bodies.dispute_created;
    const { data } = z
      .object({ data: z.object({ object: z.looseObject({}) }) })
      .parse(JSON.parse(known));
    const id = `evt_odd_${told}`;
    const odd = stripeEventBody({ id, type, object: { ...data.object, ...changes } });
    expect(await queue.fulfil([await queue.receive(odd)])).toEqual([]);
    expect((await quarantinedIn(test)).find(({ eventId }) => eventId === id)).toMatchObject({
      reason: 'UNKNOWN_STATUS',
      body: odd,
    });
    expect(queue.takeCounted()).toEqual(['EventsQuarantined']);
    expect((await test.ledger.loadHead(story.wallet)).balance).toBe(500);
  });
});
