import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fulfillBatch, type QueuedDelivery } from '#functions/fulfillment/fulfill-batch';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createDocumentClient } from '#lib/store/table';
import { testRuntime } from '#tests/http/events';
import { beginStory, canonicalDump, type StoryEvent } from '#tests/purchases/payment-story';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const NOW = '2026-11-20T12:00:00.000Z';
/** Every batch is done long before. */
const CALLS_MAX = 60;

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});

interface Crash {
  /** The outgoing call around which the function ends, counted from 1. */
  readonly call: number;
  /** Whether the table has answered by then; the function never learns of it. */
  readonly moment: 'before' | 'after';
}

/**
 * A store of its own for one life of the function, and the end of that life: a call that is cut off never settles, so
 * that no catch of the function's can go on after its death, and nothing it kept in memory reaches the next life.
 */
function oneLife(crash: Crash | null) {
  const died = Promise.withResolvers<'died'>();
  const client = createDocumentClient(test.config);
  let calls = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      calls += 1;
      if (crash !== null && calls > crash.call) return never();
      if (crash?.call !== calls) return next(args);
      if (crash.moment === 'after') await next(args);
      died.resolve('died');
      return never();
    },
    { step: 'initialize' },
  );
  return { store: createLedgerStore({ ...test.table, client }), died: died.promise };
}

function never(): Promise<never> {
  return Promise.withResolvers<never>().promise;
}

/** Delivers a batch, and after a crash all of it again: a function that died has reported nothing as done. */
async function deliver(bodies: readonly string[], crash: Crash | null) {
  for (let delivery = 1; ; delivery += 1) {
    const { store, died } = oneLife(delivery === 1 ? crash : null);
    const records = bodies.map((body, index): QueuedDelivery => ({
      messageId: `${index}`,
      attributes: { ApproximateReceiveCount: String(delivery) },
      body: JSON.stringify({ provider: 'stripe', received_at: NOW, body }),
    }));
    const now = () => new Date(NOW);
    const { log } = testRuntime();
    const { history } = test;
    const deps = { store, history, livemode: false, now, count: () => undefined, log };
    const answer = await Promise.race([fulfillBatch(deps, records), died]);
    if (answer === 'died') continue;
    expect(answer).toEqual({ batchItemFailures: [] });
    return { deliveries: delivery };
  }
}

let told = 0;
async function tell(events: readonly StoryEvent[], crash: Crash | null) {
  told += 1;
  const story = await beginStory(test.ledger, `crash${told}z`);
  const { deliveries } = await deliver(
    events.map((event) => story.bodies[event]),
    crash,
  );
  return { dump: await canonicalDump(test.ledger, story, { entries: true }), deliveries };
}

describe('a function that dies around any of its calls leaves, once the batch came again, what it would have left alive:', () => {
  it.each<[string, readonly StoryEvent[], string]>([
    ['a purchase', ['completed', 'intent_succeeded'], '"status":"paid"'],
    [
      'a refund',
      ['completed', 'refund_created', 'charge_refunded'],
      '"status":"partially_refunded"',
    ],
    [
      'a refund that waits for its payment',
      ['refund_created', 'completed', 'second_refund'],
      '"status":"partially_refunded"',
    ],
    [
      'a dispute that is won',
      ['completed', 'dispute_created', 'funds_withdrawn', 'dispute_won'],
      '"status":"paid"',
    ],
    ['a dispute that is lost', ['completed', 'dispute_created', 'dispute_lost'], '"disputed"'],
  ])('%s', async (name, events, status) => {
    const { dump } = await tell(events, null);
    expect(dump).toContain(status);
    expect(dump).toContain('"problems":[]');
    let crashes = 0;
    for (const moment of ['before', 'after'] as const) {
      for (let call = 1; call <= CALLS_MAX; call += 1) {
        const crashed = await tell(events, { call, moment });
        expect(crashed.dump, `${moment} call ${call}`).toBe(dump);
        // So many calls were not needed: the function lived to its end.
        if (crashed.deliveries === 1) break;
        crashes += 1;
      }
    }
    console.info(`fulfillment of ${name}: ${crashes} crashes`);
    // Each event reads at least once; a posting reads and writes.
    expect(crashes).toBeGreaterThan(4 * events.length);
  });
});
