import { expect } from 'vitest';
import { canonicalJson, type Entry } from '#lib/ledger/entry';
import { verify } from '#lib/ledger/verify';
import type { LedgerStore } from '#lib/ports';
import type { MoneyMovement } from '#lib/purchases/money-movement';
import type { Purchase } from '#lib/purchases/purchase';
import {
  disputedMinorOf,
  paidMinorOf,
  refundedMinorOf,
  statusOf,
} from '#lib/purchases/purchase-status';
import { purchaseOf } from '#tests/purchases/purchase-builders';
import { stripeEventBody } from '#tests/payments/stripe-deliveries';

type Store = Pick<LedgerStore, 'load' | 'loadHead' | 'loadEntries' | 'write'>;

/** One purchase of 500 credits for 49.00 USD, paid by `pi_<name>`, and what Stripe tells of it. */
export interface Story {
  readonly purchase: Purchase;
  readonly wallet: { readonly userId: string; readonly creditType: string };
  /** Bodies of Stripe's events, by what they say. */
  readonly bodies: Readonly<Record<StoryEvent, string>>;
}

const STORY_EVENTS = {
  completed: ['checkout.session.completed', 'session', {}],
  completed_unpaid: ['checkout.session.completed', 'session', { payment_status: 'unpaid' }],
  async_succeeded: ['checkout.session.async_payment_succeeded', 'session', {}],
  intent_succeeded: ['payment_intent.succeeded', 'payment_intent', {}],
  intent_failed: [
    'payment_intent.payment_failed',
    'payment_intent',
    {
      status: 'requires_payment_method',
      amount_received: 0,
      last_payment_error: { code: 'card_declined', decline_code: 'fraudulent' },
    },
  ],
  intent_failed_again: [
    'payment_intent.payment_failed',
    'payment_intent',
    {
      status: 'requires_payment_method',
      amount_received: 0,
      last_payment_error: { code: 'expired_card' },
    },
  ],
  async_failed: ['checkout.session.async_payment_failed', 'session', { payment_status: 'unpaid' }],
  expired: ['checkout.session.expired', 'session', { payment_status: 'unpaid' }],
  refund_created: ['refund.created', 'refund', {}],
  refund_pending: ['refund.created', 'refund', { status: 'pending' }],
  refund_updated: ['refund.updated', 'refund', {}],
  refund_failed: ['refund.failed', 'refund', { status: 'failed' }],
  second_refund: ['refund.created', 'refund', { id: 're_second', amount: 1_500 }],
  charge_refunded: ['charge.refunded', 'charge', {}],
  inquiry: ['charge.dispute.created', 'dispute', { status: 'warning_needs_response' }],
  dispute_created: ['charge.dispute.created', 'dispute', {}],
  funds_withdrawn: ['charge.dispute.funds_withdrawn', 'dispute', {}],
  dispute_updated: ['charge.dispute.updated', 'dispute', { status: 'under_review' }],
  dispute_won: ['charge.dispute.closed', 'dispute', { status: 'won' }],
  funds_reinstated: ['charge.dispute.funds_reinstated', 'dispute', { status: 'won' }],
  dispute_lost: ['charge.dispute.closed', 'dispute', { status: 'lost' }],
  appeal: ['charge.dispute.updated', 'dispute', { status: 'appeal_under_review' }],
} as const;
export type StoryEvent = keyof typeof STORY_EVENTS;

/** Stores the purchase with its session, as our own call leaves it. */
export async function beginStory(store: Store, name: string): Promise<Story> {
  const id = `pur_${name}`;
  const userId = `user-${name}`;
  const session = { id: `cs_${name}`, url: 'https://checkout.example/1', expiresAt: null };
  const price = { credits: 500, amountMinor: 4_900 };
  const purchase = purchaseOf({ id, userId, session, ...price });
  await store.write([
    { record: 'purchase', id: { purchaseId: id }, value: purchase, version: null },
    {
      record: 'paymentReference',
      id: { provider: 'stripe', ref: session.id },
      value: { purchaseId: id },
      version: null,
    },
  ]);
  const objects = objectsOf(name);
  const bodyOf = (event: StoryEvent): string => {
    const [type, object, changes] = STORY_EVENTS[event];
    const number = Object.keys(STORY_EVENTS).indexOf(event);
    return stripeEventBody({
      id: `evt_${name}_${event}`,
      type,
      created: 1_795_000_000 + 60 * number,
      object: { ...objects[object], ...changes },
    });
  };
  return {
    purchase,
    wallet: { userId, creditType: purchase.creditType },
    bodies: mapStory(bodyOf),
  };
}

function mapStory(bodyOf: (event: StoryEvent) => string): Story['bodies'] {
  const body = (event: StoryEvent) => bodyOf(event);
  return {
    completed: body('completed'),
    completed_unpaid: body('completed_unpaid'),
    async_succeeded: body('async_succeeded'),
    intent_succeeded: body('intent_succeeded'),
    intent_failed: body('intent_failed'),
    intent_failed_again: body('intent_failed_again'),
    async_failed: body('async_failed'),
    expired: body('expired'),
    refund_created: body('refund_created'),
    refund_pending: body('refund_pending'),
    refund_updated: body('refund_updated'),
    refund_failed: body('refund_failed'),
    second_refund: body('second_refund'),
    charge_refunded: body('charge_refunded'),
    inquiry: body('inquiry'),
    dispute_created: body('dispute_created'),
    funds_withdrawn: body('funds_withdrawn'),
    dispute_updated: body('dispute_updated'),
    dispute_won: body('dispute_won'),
    funds_reinstated: body('funds_reinstated'),
    dispute_lost: body('dispute_lost'),
    appeal: body('appeal'),
  };
}

/** The objects of the purchase, as they are when all has gone well; the refund is of 10.00, the dispute of all. */
function objectsOf(name: string) {
  const payment = { payment_intent: `pi_${name}`, currency: 'usd', metadata: {} };
  const created = 1_795_100_000;
  return {
    session: {
      id: `cs_${name}`,
      object: 'checkout.session',
      livemode: false,
      mode: 'payment',
      client_reference_id: `pur_${name}`,
      payment_intent: `pi_${name}`,
      payment_status: 'paid',
      amount_subtotal: 4_900,
      amount_total: 4_900,
      currency: 'usd',
    },
    payment_intent: {
      id: `pi_${name}`,
      object: 'payment_intent',
      livemode: false,
      amount: 4_900,
      amount_received: 4_900,
      currency: 'usd',
      metadata: { purchase_id: `pur_${name}` },
      last_payment_error: null,
      status: 'succeeded',
    },
    charge: {
      ...payment,
      id: `ch_${name}`,
      object: 'charge',
      livemode: false,
      amount_refunded: 1_000,
    },
    refund: {
      ...payment,
      id: `re_${name}`,
      object: 'refund',
      amount: 1_000,
      created,
      status: 'succeeded',
    },
    dispute: {
      ...payment,
      id: `dp_${name}`,
      object: 'dispute',
      livemode: false,
      amount: 4_900,
      created,
      status: 'needs_response',
    },
  };
}

/**
 * All that anyone could see or decide on, with the story's own name taken out. A dispute that we hear of only once it
 * is won never took anything, so what was taken back and given again since is compared as its sum; `entries` adds every
 * entry, for stories in which nothing comes back.
 */
export async function canonicalDump(
  store: Store,
  { purchase: { id, userId }, wallet }: Story,
  options: { readonly entries: boolean },
): Promise<string> {
  const name = id.replace('pur_', '');
  const refs = [`cs_${name}`, `pi_${name}`].map(
    (ref) => ({ record: 'paymentReference', id: { provider: 'stripe', ref } }) as const,
  );
  const read = await store.load([...refs, { record: 'purchase', id: { purchaseId: id } }]);
  const stored = read('purchase', { purchaseId: id })?.value;
  if (!stored) throw new Error('the purchase is gone');
  const head = await store.loadHead(wallet);
  const entries = (await store.loadEntries(userId)).toSorted((a, b) => a.seq - b.seq);
  const { corrections, ...facts } = stored;
  const { balance, debt, grants, holds, totals } = head;
  const dump = canonicalJson({
    status: statusOf(stored),
    facts,
    money: await moneyOf(store, stored),
    references: refs.map(({ record, id: ref }) => read(record, ref)?.value ?? null),
    wallet: { balance, debt, grants, holds, reversed: totals.reversed - totals.reinstated },
    corrected: corrections.reduce(
      (sum, { kind, credits }) => (kind === 'reversal' ? sum - credits : sum + credits),
      0,
    ),
    problems: verify(head, entries),
    entries: options.entries
      ? entries.map((entry) => [
          entry.type,
          entry.amount,
          entry.balanceAfter,
          entry.debt,
          aboutOf(entry),
        ])
      : entries.filter(({ type }) => type === 'purchase').map(aboutOf),
  });
  const ids = new Map(entries.map((entry, index) => [entry.id.slice(4), `id${index}`]));
  const unnamed = dump.replaceAll(name, 'NAME');
  return [...ids].reduce((text, [from, to]) => text.replaceAll(from, to), unnamed);
}

/** What the records of money add up to, in whatever pieces it came: it must be what the facts say. */
async function moneyOf(store: Store, purchase: Purchase) {
  const ids = Array.from({ length: VERSIONS_MAX }, (_, index) => ({
    purchaseId: purchase.id,
    number: index + 1,
  }));
  const read = await store.load(ids.map((id) => ({ record: 'moneyMovement', id })));
  const told = ids.flatMap((id) => read('moneyMovement', id)?.value ?? []);
  const sum = (amountOf: (movement: MoneyMovement) => number): number =>
    told.reduce((total, movement) => total + amountOf(movement), 0);
  const money = {
    purchases: sum(({ purchases }) => purchases),
    credits: sum(({ credits }) => credits),
    paid: sum(({ paidMinor }) => paidMinor),
    refunded: sum(({ refundedMinor }) => refundedMinor),
    disputed: sum(({ disputedMinor }) => disputedMinor),
  };
  const sold = purchase.payments.length > 0;
  expect(money).toEqual({
    purchases: sold ? 1 : 0,
    credits: sold ? purchase.credits : 0,
    paid: paidMinorOf(purchase),
    refunded: refundedMinorOf(purchase),
    disputed: disputedMinorOf(purchase),
  });
  return money;
}

// A story has a handful of events, each told a few times.
const VERSIONS_MAX = 40;

function aboutOf({ cause, actor, description, reference, totals, createdAt }: Entry) {
  return { cause, actor, description, ...(reference && { reference }), totals, createdAt };
}
