import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openStripeQueue } from '#tests/functions/fulfillment/stripe-queue';
import { duplicatesOf, permutationsOf } from '#tests/purchases/purchase-builders';
import {
  beginSubscriptionStory,
  subscriptionDump,
  type SubscriptionStoryEvent,
} from '#tests/subscriptions/subscription-story';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';
import { createMemoryLedger, type MemoryLedger } from '#tests/support/memory-ledger';

/*
 * What Stripe tells of a subscription, signed, received, queued and fulfilled, in every order and with every duplicate:
 * where it ends is what has happened, and not what was heard first. All orders in memory, and a sample of them on the
 * table's engine; `ORDERS=all` takes all there as well.
 */

/** On the engine, one of so many. */
const EVERY = process.env['ORDERS'] === 'all' ? 1 : 31;
const DELIVERIES_MAX = 4;

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(() => test.close());

interface Story {
  readonly name: string;
  readonly orders: readonly (readonly SubscriptionStoryEvent[])[];
  readonly now: string;
  /** Whether the wallet's history is the same as well, and not only where it ends. */
  readonly history: boolean;
  readonly end: object;
}

/** Every order, each with each of its events once more. */
function withDuplicates(events: readonly SubscriptionStoryEvent[]) {
  return permutationsOf(events).flatMap((order, turn) => [order, ...duplicatesOf(order, turn)]);
}

const SECOND_MONTH = 'plan:sub_NAME:2027-03-01T10:00:00.000Z:PRO';
const ONLY_GIFT = { balance: 500, grants: [['promotional', 500, null]] };

const stories: readonly Story[] = [
  {
    name: 'a renewal, and an end within the month, which takes back what was not spent',
    orders: withDuplicates(['created', 'renewed', 'paid', 'renewal_paid', 'deleted_now']),
    now: '2027-03-15T10:00:00.000Z',
    history: true,
    end: {
      subscription: { status: 'CANCELED', tier: 'PRO', endedAt: '2027-03-03T10:00:00.000Z' },
      wallet: ONLY_GIFT,
      entries: [
        ['bonus', 500, 500, 'gift', 'service:test', 'Welcome'],
        ['subscription', 500, 1_000, SECOND_MONTH, 'stripe', 'PRO credits'],
        [
          'expiry',
          -500,
          500,
          `${SECOND_MONTH}:revoked`,
          'stripe',
          'PRO credits ended with the subscription',
        ],
      ],
    },
  },
  {
    name: 'an end with the month, and a renewal that was paid all the same and gives nothing',
    orders: permutationsOf(['created', 'ending', 'paid', 'renewal_paid', 'deleted_at_end']),
    now: '2027-03-01T12:00:00.000Z',
    // Whoever hears of the payment first gives credits, and takes them back with the end.
    history: false,
    end: {
      subscription: { status: 'CANCELED', endedAt: '2027-03-01T10:00:00.000Z' },
      wallet: ONLY_GIFT,
    },
  },
  {
    name: 'the beginning, of which three events tell in one second',
    orders: withDuplicates(['created', 'active', 'paid']),
    now: '2027-02-01T10:00:05.000Z',
    history: true,
    end: {
      subscription: { status: 'ACTIVE', tier: 'PRO', doubtAt: null, creditsDueAt: null },
      wallet: {
        balance: 1_000,
        grants: [
          ['promotional', 500, null],
          ['plan', 500, '2027-03-01T10:00:00.000Z'],
        ],
      },
    },
  },
  {
    name: 'an upgrade, whose credits take the place of those before for the rest of the month',
    orders: withDuplicates(['created', 'paid', 'upgraded', 'upgrade_paid']),
    now: '2027-02-11T12:00:00.000Z',
    // Whoever hears of the upgrade first gives the smaller plan's credits no more.
    history: false,
    end: {
      subscription: { tier: 'PREMIUM', currentPeriodStart: '2027-02-01T10:00:00.000Z' },
      wallet: {
        balance: 2_500,
        grants: [
          ['promotional', 500, null],
          ['plan', 2_000, '2027-03-01T10:00:00.000Z'],
        ],
      },
    },
  },
  {
    name: 'a renewal that fails twice and is paid in the end',
    orders: permutationsOf([
      'past_due',
      'renewal_failed',
      'renewal_failed_again',
      'renewal_paid',
      'recovered',
    ] as const).map((order) => ['created', ...order]),
    now: '2027-03-15T10:00:00.000Z',
    history: true,
    end: {
      subscription: { status: 'ACTIVE', pastDueSince: null, failedInvoice: null },
      wallet: { balance: 1_000 },
    },
  },
  {
    name: 'a renewal that fails and is not paid',
    orders: withDuplicates(['past_due', 'renewal_failed', 'renewal_failed_again', 'renewed']).map(
      (order) => ['created', ...order],
    ),
    now: '2027-03-15T10:00:00.000Z',
    history: true,
    end: {
      subscription: {
        status: 'PAST_DUE',
        pastDueSince: '2027-03-01T11:00:00.000Z',
        failedInvoice: {
          amountMinor: 2_900,
          at: '2027-03-01T11:00:00.000Z',
          lastAt: '2027-03-04T10:00:00.000Z',
          nextAttemptAt: '2027-03-09T10:00:00.000Z',
        },
      },
      wallet: ONLY_GIFT,
    },
  },
];

let told = 0;

/** Tells a story at one moment, as after an outage; what comes too early comes again after the rest, as from the queue. */
async function tell(
  store: Pick<TestLedger, 'history'> & { readonly ledger: MemoryLedger },
  {
    events,
    history,
    now,
  }: Pick<Story, 'now' | 'history'> & { readonly events: Story['orders'][0] },
) {
  told += 1;
  const story = await beginSubscriptionStory(store.ledger, `story${told}z`);
  const queue = openStripeQueue(store, new Date(now));
  let left: readonly string[] = await Promise.all(
    events.map((event) => queue.receive(story.bodies[event])),
  );
  for (let delivery = 1; left.length > 0 && delivery <= DELIVERIES_MAX; delivery += 1) {
    left = await queue.fulfil(left, delivery);
  }
  expect(left).toEqual([]);
  expect(queue.takeCounted()).toEqual([]);
  const dump = await subscriptionDump(store.ledger, story, { history });
  return { dump, entries: await store.ledger.loadEntries(story.userId) };
}

async function tellAll(
  store: Parameters<typeof tell>[0],
  { end, orders, ...story }: Story,
): Promise<string> {
  const dumps = new Set<string>();
  for (const events of orders) {
    const { dump, entries } = await tell(store, { ...story, events });
    dumps.add(dump);
    const [paid, ended] = [events.indexOf('renewal_paid'), events.indexOf('deleted_at_end')];
    // What is paid for after the end gives nothing, not even for a moment.
    if (ended >= 0 && ended < paid) expect(entries.map(({ cause }) => cause)).toEqual(['gift']);
  }
  const [first = '', ...others] = [...dumps].map(readDump);
  for (const other of others) expect(other).toEqual(first);
  expect(first).toMatchObject({ ...end, problems: [] });
  return [...dumps].join();
}

function readDump(dump: string): object {
  return z.looseObject({}).parse(JSON.parse(dump));
}

describe.each(stories)('every order of what Stripe tells, with duplicates: $name', (story) => {
  it('ends in one place, on the table’s engine as in memory', async () => {
    const memory = createMemoryLedger();
    // No period comes before another in these stories.
    const history = { ...test.history, headAt: () => Promise.reject(new Error('not asked')) };
    const dump = await tellAll({ ledger: memory, history }, story);
    const sample = story.orders.filter((_, index) => index % EVERY === 0);
    expect(await tellAll(test, { ...story, orders: sample })).toBe(dump);
    const { length } = story.orders;
    console.info(`subscription events: ${length} orders in memory, ${sample.length} on the engine`);
  });
});
