import { isDeepStrictEqual } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { translateStripeEvent } from '#lib/payments/stripe-event';
import { applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { createCounter, report } from '#tests/faults/tally';
import { beginStory, canonicalDump, type StoryEvent } from '#tests/purchases/payment-story';
import { duplicatesOf, permutationsOf } from '#tests/purchases/purchase-builders';
import { createMemoryLedger } from '#tests/support/memory-ledger';
import { NOW } from '#tests/support/ledger';

const stories: readonly {
  readonly name: string;
  readonly events: readonly StoryEvent[];
  /** Whether every entry has to be the same, or the sum of what was taken back and given again. */
  readonly entries: boolean;
  /** Whether each event is told twice as well, the second time at a later place. */
  readonly twice: boolean;
  readonly expected: object;
}[] = [
  {
    name: 'a payment and a refund',
    events: [
      'completed',
      'intent_succeeded',
      'async_succeeded',
      'refund_created',
      'charge_refunded',
    ],
    entries: true,
    twice: true,
    expected: { status: 'partially_refunded', corrected: -102, balance: 398 },
  },
  {
    name: 'a slow payment and a refund',
    events: [
      'completed_unpaid',
      'intent_succeeded',
      'async_succeeded',
      'refund_created',
      'charge_refunded',
    ],
    entries: true,
    twice: true,
    expected: { status: 'partially_refunded', corrected: -102, balance: 398 },
  },
  {
    name: 'a payment at the second try and a slow refund',
    events: ['intent_failed', 'completed', 'refund_pending', 'refund_updated', 'charge_refunded'],
    entries: true,
    twice: false,
    expected: { status: 'partially_refunded', corrected: -102, balance: 398 },
  },
  {
    name: 'two declined cards and a page that nobody came back to',
    events: ['intent_failed', 'intent_failed_again', 'expired'],
    entries: true,
    twice: true,
    expected: { status: 'failed', corrected: 0, balance: 0 },
  },
  {
    name: 'a declined card, a page that was over, and money after all',
    events: ['intent_failed', 'intent_failed_again', 'expired', 'intent_succeeded'],
    entries: true,
    twice: true,
    expected: { status: 'paid', corrected: 0, balance: 500 },
  },
  {
    name: 'a slow payment that did not arrive',
    events: ['completed_unpaid', 'intent_failed', 'async_failed'],
    entries: true,
    twice: true,
    expected: { status: 'failed', corrected: 0, balance: 0 },
  },
  {
    name: 'a refund that failed',
    events: ['completed', 'refund_created', 'refund_updated', 'charge_refunded', 'refund_failed'],
    entries: false,
    twice: true,
    expected: { status: 'paid', corrected: 0, balance: 500 },
  },
  {
    name: 'two refunds',
    events: ['completed', 'refund_created', 'second_refund', 'charge_refunded'],
    entries: false,
    twice: true,
    expected: { status: 'partially_refunded', corrected: -255, balance: 245 },
  },
  {
    name: 'a dispute won',
    events: ['completed', 'dispute_created', 'funds_withdrawn', 'dispute_won'],
    entries: false,
    twice: true,
    expected: { status: 'paid', corrected: 0, balance: 500 },
  },
  {
    name: 'a dispute won, with its money back',
    events: ['completed', 'dispute_created', 'funds_withdrawn', 'dispute_won', 'funds_reinstated'],
    entries: false,
    twice: false,
    expected: { status: 'paid', corrected: 0, balance: 500 },
  },
  {
    name: 'a dispute lost',
    events: ['completed', 'dispute_created', 'funds_withdrawn', 'dispute_lost'],
    entries: true,
    twice: true,
    expected: { status: 'disputed', corrected: -500, balance: 0 },
  },
  {
    name: 'an inquiry that became a dispute and was lost',
    events: ['completed', 'inquiry', 'dispute_created', 'dispute_lost', 'appeal'],
    entries: true,
    twice: false,
    expected: { status: 'disputed', corrected: -500, balance: 0 },
  },
  {
    name: 'a dispute won by appeal',
    events: ['completed', 'dispute_created', 'dispute_lost', 'appeal', 'dispute_won'],
    entries: false,
    twice: false,
    expected: { status: 'paid', corrected: 0, balance: 500 },
  },
  {
    name: 'a refund, and a dispute of all',
    events: ['completed', 'refund_created', 'charge_refunded', 'dispute_created', 'dispute_lost'],
    entries: false,
    twice: false,
    expected: { status: 'disputed', corrected: -500, balance: 0 },
  },
];

/** Of those that ended elsewhere: a rule that does not hold breaks hundreds. */
const SHOWN_MAX = 5;

const dumpSchema = z.object({
  status: z.string(),
  corrected: z.int(),
  wallet: z.object({ balance: z.int() }),
  problems: z.array(z.unknown()),
});

/** What of an end its story says in numbers. */
function outcomeOf(end: string): object {
  const { status, corrected, problems, wallet } = dumpSchema.parse(JSON.parse(end));
  return { status, corrected, balance: wallet.balance, problems };
}

describe('every order of what Stripe tells of a payment ends in one place, and so with any one event twice:', () => {
  const counter = createCounter();
  afterAll(() => report(counter.tallies()));

  it.each(stories)('$name', async ({ events, entries, twice, expected }) => {
    const ends: string[] = [];
    const wrong: string[] = [];
    for (const [turn, order] of permutationsOf(events).entries()) {
      for (const told of [order, ...(twice ? duplicatesOf(order, turn) : [])]) {
        const end = await tell(told, { entries });
        ends.push(end);
        const isBroken =
          end !== ends[0] || !isDeepStrictEqual(outcomeOf(end), { ...expected, problems: [] });
        counter.add('F11', { isBroken });
        if (isBroken) wrong.push(`${told.join(', ')}: ${end}`);
      }
    }
    expect(wrong.slice(0, SHOWN_MAX)).toEqual([]);
  });

  it('counted', () => {
    const runs = counter.tallies()[0]?.cases;
    console.info(`payment events in memory: ${runs} runs of ${stories.length} stories`);
    expect(runs).toBe(3 * 120 * 6 + 4 * 24 * 5 + 5 * 120 + 2 * 6 * 4);
  });
});

/** The end as a dump, with what was refused on the way among its problems. */
async function tell(
  events: readonly StoryEvent[],
  options: { readonly entries: boolean },
): Promise<string> {
  const store = createMemoryLedger();
  const story = await beginStory(store, 'one');
  const refused: string[] = [];
  for (const name of events) {
    const translation = translateStripeEvent({ body: story.bodies[name], livemode: false });
    if (translation.kind !== 'event') {
      refused.push(`${name} is ${translation.kind}`);
      continue;
    }
    const applied = await applyPaymentEvent({ store }, { event: translation.event, now: NOW });
    if ('reason' in applied) refused.push(`${name}: ${applied.reason} ${applied.detail}`);
  }
  const end = await canonicalDump(store, story, options);
  const { problems, ...rest } = dumpSchema.loose().parse(JSON.parse(end));
  return JSON.stringify({ ...rest, problems: [...problems, ...refused] });
}
