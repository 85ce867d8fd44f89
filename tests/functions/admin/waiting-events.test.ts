import { afterAll, beforeAll, expect, it } from 'vitest';
import { fulfillBatch } from '#functions/fulfillment/fulfill-batch';
import { adminRoutes } from '#lib/contract/routes/admin';
import { openOffice } from '#tests/functions/admin/office';
import { bodyOf } from '#tests/functions/purchases/shop';
import { NOW, testRuntime } from '#tests/http/events';
import { beginStory, type StoryEvent } from '#tests/purchases/payment-story';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});

async function fulfil(body: string) {
  const counted: string[] = [];
  const { log } = testRuntime();
  const delivery = { provider: 'stripe', received_at: NOW, body };
  const deps = {
    store: test.ledger,
    history: test.history,
    livemode: false,
    now: () => new Date(NOW),
    count: (name: string) => counted.push(name),
    log,
  };
  const answer = await fulfillBatch(deps, [
    {
      messageId: '1',
      attributes: { ApproximateReceiveCount: '1' },
      body: JSON.stringify(delivery),
    },
  ]);
  expect(answer.batchItemFailures).toEqual([]);
  return counted;
}

/** What a person sees of a story's events, newest first. */
async function shown(name: string) {
  const office = openOffice(test);
  const { events } = bodyOf(
    adminRoutes.listEvents,
    200,
    await office.call(adminRoutes.listEvents, { query: 'provider=stripe' }),
  );
  return events.filter(({ event_id }) => event_id.includes(`_${name}_`));
}

it('a refund and a dispute that came before their payment wait where finance looks, until the payment has taken them', async () => {
  const story = await beginStory(test.ledger, 'early');
  for (const event of ['refund_created', 'dispute_created', 'refund_created'] as const) {
    expect(await fulfil(story.bodies[event])).toEqual([]);
  }
  const waiting = await shown('early');
  expect(waiting.map(({ status, type }) => [type, status]).toSorted()).toEqual([
    ['charge.dispute.created', 'waiting'],
    ['refund.created', 'waiting'],
  ]);
  expect(waiting.find(({ type }) => type === 'refund.created')).toMatchObject({
    reason: 'WAITS_FOR_PAYMENT',
    detail: 'it is about pi_early, a payment that nobody has told us of',
    deliveries: 2,
  });

  await fulfil(story.bodies.completed);
  expect((await shown('early')).map(({ status }) => status)).toEqual(['resolved', 'resolved']);
  const [first] = waiting;
  const office = openOffice(test);
  const look = office.call(adminRoutes.getEvent, { params: { id: first?.event_id ?? '' } });
  expect(bodyOf(adminRoutes.getEvent, 200, await look).status).toBe('resolved');
});

it('what waited and contradicts its payment is left for a person', async () => {
  const story = await beginStory(test.ledger, 'odd');
  await fulfil(story.bodies.refund_created.replace('"usd"', '"eur"'));
  expect((await shown('odd')).map(({ status }) => status)).toEqual(['waiting']);
  expect(await fulfil(story.bodies.completed)).toEqual(['EventsQuarantined']);
  expect((await shown('odd')).map(({ status }) => status)).toEqual(['open']);
});

it('a payment that is faster than the record of what waited for it leaves nothing waiting', async () => {
  const story = await beginStory(test.ledger, 'fast');
  const race: readonly StoryEvent[] = ['refund_created', 'completed', 'dispute_created'];
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(race.map((event) => fulfil(story.bodies[event])));
  }
  expect((await shown('fast')).filter(({ status }) => status !== 'resolved')).toEqual([]);
});
