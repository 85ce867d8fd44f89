import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { translateStripeEvent } from '#lib/payments/stripe-event';
import { applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { report } from '#tests/faults/tally';
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

const dumpSchema = z.object({
  status: z.string(),
  corrected: z.int(),
  wallet: z.object({ balance: z.int() }),
  problems: z.array(z.unknown()),
});

describe('every order of what Stripe tells of a payment ends in one place, and so with any one event twice:', () => {
  let runs = 0;
  it.each(stories)('$name', async ({ events, entries, twice, expected }) => {
    const dumps = new Set<string>();
    for (const [turn, order] of permutationsOf(events).entries()) {
      for (const told of [order, ...(twice ? duplicatesOf(order, turn) : [])]) {
        dumps.add(await tell(told, { entries }));
        runs += 1;
      }
    }
    expect([...dumps]).toHaveLength(1);
    const dump = dumpSchema.parse(JSON.parse([...dumps][0] ?? ''));
    const { status, corrected, problems, wallet } = dump;
    expect({ status, corrected, balance: wallet.balance }).toEqual(expected);
    expect(problems).toEqual([]);
  });

  it('counted', () => {
    console.info(`payment events in memory: ${runs} runs of ${stories.length} stories`);
    expect(runs).toBe(3 * 120 * 6 + 4 * 24 * 5 + 5 * 120 + 2 * 6 * 4);
    report([{ class: 'F11', cases: runs, breaks: 0 }]);
  });
});

async function tell(events: readonly StoryEvent[], options: { readonly entries: boolean }) {
  const store = createMemoryLedger();
  const story = await beginStory(store, 'one');
  for (const name of events) {
    const translation = translateStripeEvent({ body: story.bodies[name], livemode: false });
    if (translation.kind !== 'event') throw new Error(`${name} is ${translation.kind}`);
    const applied = await applyPaymentEvent({ store }, { event: translation.event, now: NOW });
    if ('reason' in applied) throw new Error(`${name}: ${applied.reason} ${applied.detail}`);
  }
  return canonicalDump(store, story, options);
}
