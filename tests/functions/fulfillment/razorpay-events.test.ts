import { describe, expect, it, onTestFinished } from 'vitest';
import { fulfillBatch } from '#functions/fulfillment/fulfill-batch';
import { receiveEvent } from '#functions/webhooks/razorpay/receive-event';
import { canonicalJson } from '#lib/ledger/entry';
import { verify } from '#lib/ledger/verify';
import { translateRazorpayEvent } from '#lib/payments/razorpay-event';
import type { LedgerStore } from '#lib/ports';
import { applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { statusOf } from '#lib/purchases/purchase-status';
import { testRuntime } from '#tests/http/events';
import {
  RAZORPAY_WEBHOOK_SECRET,
  razorpayEventBody,
  type RazorpayEventParts,
  razorpaySignature,
} from '#tests/payments/razorpay-deliveries';
import { duplicatesOf, permutationsOf, purchaseOf } from '#tests/purchases/purchase-builders';
import { createMemoryLedger, type MemoryLedger } from '#tests/support/memory-ledger';
import { NOW, openTestLedger, type TestLedger } from '#tests/support/ledger';

type Told = readonly [type: string, parts?: RazorpayEventParts];

const WALLET = { userId: 'user-1', creditType: 'general' };
const references = ['order_1', 'pay_1'].map(
  (ref) => ({ record: 'paymentReference', id: { provider: 'razorpay', ref } }) as const,
);

/** 100 credits for 50.00 INR with their order, as our own call leaves them. */
async function begin(store: Pick<LedgerStore, 'write'>) {
  const session = { id: 'order_1', url: null, expiresAt: null };
  const price = { amountMinor: 5_000, currency: 'INR' };
  const value = purchaseOf({ provider: 'razorpay', session, ...price });
  const purchaseId = value.id;
  await store.write([
    { record: 'purchase', id: { purchaseId }, value, version: null },
    { ...refTo('order_1'), value: { purchaseId }, version: null },
  ]);
}

function refTo(ref: string) {
  return { record: 'paymentReference', id: { provider: 'razorpay', ref } } as const;
}

async function tell(told: readonly Told[], options: DumpOptions): Promise<string> {
  const store = createMemoryLedger();
  await begin(store);
  for (const [index, [type, parts]] of told.entries()) {
    const body = razorpayEventBody(type, parts);
    const translation = translateRazorpayEvent({ body, eventId: `evt_${index}` });
    if (translation.kind !== 'event') throw new Error(`${type} is ${translation.kind}`);
    const applied = await applyPaymentEvent({ store }, { event: translation.event, now: NOW });
    if ('reason' in applied) throw new Error(`${type}: ${applied.reason} ${applied.detail}`);
  }
  return dumpOf(store, options);
}

interface DumpOptions {
  readonly summed: boolean;
}

async function dumpOf(store: MemoryLedger, { summed }: DumpOptions): Promise<string> {
  const read = await store.load([...references, { record: 'purchase', id: PURCHASE }]);
  const purchase = read('purchase', PURCHASE)?.value;
  const head = await store.loadHead(WALLET);
  const entries = (await store.loadEntries(WALLET.userId)).toSorted((a, b) => a.seq - b.seq);
  const dump = {
    status: purchase && statusOf(purchase),
    balance: head.balance,
    problems: verify(head, entries),
    references: references.map(({ id, record }) => read(record, id)?.value ?? null),
  };
  if (!summed) return canonicalJson({ ...dump, purchase, head, entries });
  const { debt, grants, totals } = head;
  return canonicalJson({
    ...dump,
    facts: purchase && { ...purchase, corrections: [] },
    wallet: { debt, grants, reversed: totals.reversed - totals.reinstated },
    sold: entries.filter(({ type }) => type === 'purchase'),
  });
}

const PURCHASE = { purchaseId: 'pur_1' };

const stories: readonly {
  readonly name: string;
  readonly told: readonly Told[];
  /** What was taken back and given again is compared as its sum: a dispute that is won when we hear of it took nothing. */
  readonly summed?: true;
  readonly expected: string;
}[] = [
  {
    name: 'a payment and a refund',
    told: [
      ['payment.authorized'],
      ['payment.captured'],
      ['order.paid'],
      ['refund.created', { refund: { status: 'pending' } }],
      ['refund.processed'],
    ],
    expected: '"status":"partially_refunded"',
  },
  {
    name: 'a failed attempt that was authorized late, and its refund',
    told: [
      ['payment.failed'],
      ['payment.authorized'],
      ['payment.captured'],
      ['order.paid'],
      ['refund.created'],
    ],
    expected: '"status":"partially_refunded"',
  },
  {
    name: 'a dispute that was lost',
    told: [
      ['payment.captured'],
      ['order.paid'],
      ['payment.dispute.created'],
      ['payment.dispute.under_review', { dispute: { status: 'under_review' } }],
      ['payment.dispute.lost', { dispute: { status: 'lost', amount_deducted: 5_000 } }],
    ],
    expected: '"status":"disputed"',
  },
  {
    name: 'a dispute that was won',
    told: [
      ['payment.captured'],
      ['order.paid'],
      ['payment.dispute.created'],
      ['payment.dispute.under_review', { dispute: { status: 'under_review' } }],
      ['payment.dispute.won', { dispute: { status: 'won' } }],
    ],
    summed: true,
    expected: '"status":"paid"',
  },
];

describe('every order of what Razorpay tells ends in the same dump, and so with any one event twice:', () => {
  let runs = 0;
  it.each(stories)('$name', async ({ told, summed = false, expected }) => {
    const dumps = new Set<string>();
    for (const [turn, order] of permutationsOf(told).entries()) {
      for (const events of [order, ...duplicatesOf(order, turn)]) {
        dumps.add(await tell(events, { summed }));
        runs += 1;
      }
    }
    expect(dumps.size).toBe(1);
    expect([...dumps][0]).toContain(expected);
    expect([...dumps][0]).toContain('"problems":[]');
  });

  it('counted', () => {
    console.info(`Razorpay's events in memory: ${runs} runs of ${stories.length} stories`);
    expect(runs).toBe(stories.length * 120 * 6);
  });
});

/** Signs bodies as Razorpay does, hands them to the receiver, and what that queues to fulfillment. */
async function deliver({ history, ledger: store }: TestLedger, bodies: readonly string[]) {
  const { log, lines } = testRuntime();
  const counted: string[] = [];
  const now = () => new Date(NOW);
  const queued: string[] = [];
  for (const [index, body] of bodies.entries()) {
    const answer = await receiveEvent(
      {
        queue: { send: async (message) => void queued.push(message) },
        secret: { read: async () => ({ current: RAZORPAY_WEBHOOK_SECRET }) },
        now,
        log,
      },
      {
        headers: {
          'x-razorpay-signature': razorpaySignature(body),
          'x-razorpay-event-id': `evt_${index}`,
        },
        body,
        isBase64Encoded: false,
        requestContext: { requestId: 'request-1', http: { method: 'POST' } },
      },
    );
    expect(answer.statusCode).toBe(200);
  }
  const count = (name: string) => counted.push(name);
  const deps = { store, history, livemode: false, now, count, log };
  const failures: string[] = [];
  for (const [index, body] of queued.entries()) {
    // The last try: what still finds no purchase by then waits for a person.
    const attributes = { ApproximateReceiveCount: '4' };
    const answer = await fulfillBatch(deps, [{ messageId: `m${index}`, attributes, body }]);
    failures.push(...answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  }
  return { failures, counted, lines };
}

it('a sample of the orders through receiver, fulfillment and the table’s engine leaves one table', async () => {
  const bodies = stories[0]?.told.map(([type, parts]) => razorpayEventBody(type, parts)) ?? [];
  const dumps = new Set<string>();
  const sample = permutationsOf(bodies).filter((_, index) => index % 5 === 0);
  for (const [index, order] of sample.entries()) {
    const test = await openTestLedger();
    onTestFinished(() => test.close());
    await begin(test.ledger);
    const twice = order.slice(index % order.length).slice(0, 1);
    const { failures, counted } = await deliver(test, [...order, ...twice]);
    expect([failures, counted]).toEqual([[], []]);
    const dump = await test.dynamo.dump(test.tableName);
    // In how many steps money was heard of is the story of the deliveries; its sum is shown in memory.
    const items = dump.filter((item) => !JSON.stringify(item).includes('MONEY#'));
    // How often an item was written is no part of what it says.
    dumps.add(JSON.stringify(items, (name, value: unknown) => (name === 'version' ? 0 : value)));
  }
  expect(sample).toHaveLength(24);
  expect(dumps.size).toBe(1);
});
