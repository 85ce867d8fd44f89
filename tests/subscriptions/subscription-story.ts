import { byBurnOrder } from '#lib/ledger/burn-order';
import { canonicalJson } from '#lib/ledger/entry';
import { verify } from '#lib/ledger/verify';
import { addMonths } from '#lib/subscriptions/months';
import { freeSubscription } from '#lib/subscriptions/subscription';
import { stripeEventBody } from '#tests/payments/stripe-deliveries';
import {
  BEGUN,
  invoiceLine,
  RENEWED,
  RENEWED_AGAIN,
  stripeInvoiceObject,
  type SubscriptionParts,
  stripeSubscriptionObject,
} from '#tests/payments/stripe-subscriptions';
import { addWork } from '#tests/support/ledger';
import type { MemoryLedger } from '#tests/support/memory-ledger';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const REGISTERED = '2027-01-10T08:00:00.000Z';
const PREMIUM = 'price_premium_usd';

/** What happens to one subscription of PRO, as Stripe tells it. */
export type SubscriptionStoryEvent =
  | 'created'
  | 'active'
  | 'paid'
  | 'ending'
  | 'upgraded'
  | 'upgrade_paid'
  | 'renewed'
  | 'renewal_paid'
  | 'renewal_failed'
  | 'renewal_failed_again'
  | 'past_due'
  | 'recovered'
  | 'deleted_now'
  | 'deleted_at_end';

export interface SubscriptionStory {
  readonly userId: string;
  readonly bodies: Readonly<Record<SubscriptionStoryEvent, string>>;
}

/** Registers a user who was given 500 credits and is a customer of Stripe's, as our own calls leave them. */
export async function beginSubscriptionStory(
  store: MemoryLedger,
  name: string,
): Promise<SubscriptionStory> {
  const userId = `user-${name}`;
  const customerRef = `cus_${name}`;
  const free = freeSubscription({
    userId,
    now: REGISTERED,
    periodEnd: addMonths(REGISTERED, 1),
  });
  await store.write([
    {
      record: 'providerCustomer',
      id: { userId, provider: 'stripe' },
      value: { customerRef, createdAt: REGISTERED },
      version: null,
    },
    { record: 'subscription', id: { userId }, value: free, version: null },
  ]);
  const wallet = { userId, creditType: 'general' };
  await store.run(addWork({ wallet, amount: 500, cause: 'gift', now: REGISTERED }));
  return { userId, bodies: bodiesOf(name, { userId, customerRef }) };
}

function bodiesOf(
  name: string,
  { customerRef: customer, userId }: { readonly userId: string; readonly customerRef: string },
): SubscriptionStory['bodies'] {
  const id = `sub_${name}`;
  const body = (event: string, type: string, created: number, object: object): string =>
    stripeEventBody({ id: `evt_${name}_${event}`, type, created, object });
  const state = (event: string, type: string, created: number, parts: SubscriptionParts): string =>
    body(
      event,
      `customer.subscription.${type}`,
      created,
      stripeSubscriptionObject({ id, customer, userId, ...parts }),
    );
  const invoice = (
    event: string,
    created: number,
    parts: {
      readonly id: string;
      readonly reason: string;
      readonly lines: readonly object[];
      readonly fields?: Readonly<Record<string, unknown>>;
    },
  ): string => {
    const type = parts.fields ? 'payment_failed' : 'paid';
    const object = stripeInvoiceObject({ ...parts, subscription: id, customer, userId });
    return body(event, `invoice.${type}`, created, object);
  };
  const second = { start: RENEWED, end: RENEWED_AGAIN };
  const renewal = {
    id: `in_${name}_2`,
    reason: 'subscription_cycle',
    lines: [invoiceLine({ subscription: id, ...second })],
  };
  const failed = (next: number) => ({
    ...renewal,
    fields: { status: 'open', amount_paid: 0, next_payment_attempt: next },
  });
  const upgraded = BEGUN + 10 * DAY;
  const part = { subscription: id, start: upgraded, proration: true };
  const ended = { status: 'canceled', canceled_at: RENEWED };
  return {
    created: state('created', 'created', BEGUN, { fields: { status: 'incomplete' } }),
    // In the same second, as it mostly is.
    active: state('active', 'updated', BEGUN, {}),
    paid: invoice('paid', BEGUN, {
      id: `in_${name}_1`,
      reason: 'subscription_create',
      lines: [invoiceLine({ subscription: id })],
    }),
    ending: state('ending', 'updated', BEGUN + 5 * DAY, {
      fields: { cancel_at_period_end: true, cancel_at: RENEWED },
    }),
    upgraded: state('upgraded', 'updated', upgraded, { price: PREMIUM }),
    upgrade_paid: invoice('upgrade_paid', upgraded, {
      id: `in_${name}_up`,
      reason: 'subscription_update',
      lines: [
        invoiceLine({ ...part, amount: -1_800 }),
        invoiceLine({ ...part, amount: 6_200, price: PREMIUM }),
      ],
    }),
    renewed: state('renewed', 'updated', RENEWED, second),
    renewal_paid: invoice('renewal_paid', RENEWED + HOUR, renewal),
    renewal_failed: invoice('renewal_failed', RENEWED + HOUR, failed(RENEWED + 3 * DAY)),
    renewal_failed_again: invoice(
      'renewal_failed_again',
      RENEWED + 3 * DAY,
      failed(RENEWED + 8 * DAY),
    ),
    past_due: state('past_due', 'updated', RENEWED + HOUR, {
      ...second,
      fields: { status: 'past_due' },
    }),
    recovered: state('recovered', 'updated', RENEWED + 4 * DAY, second),
    deleted_now: state('deleted_now', 'deleted', RENEWED + 2 * DAY, {
      ...second,
      fields: { ...ended, ended_at: RENEWED + 2 * DAY },
    }),
    deleted_at_end: state('deleted_at_end', 'deleted', RENEWED, {
      fields: { ...ended, ended_at: RENEWED, cancel_at_period_end: true },
    }),
  };
}

/**
 * All that anyone could see or decide on, with the story's own name taken out; `history` adds every entry and what was
 * granted last, for stories in which nothing is given that another order would not have given.
 */
export async function subscriptionDump(
  store: MemoryLedger,
  { userId }: SubscriptionStory,
  options: { readonly history: boolean },
): Promise<string> {
  const id = { userId };
  const stored = (await store.load([{ record: 'subscription', id }]))('subscription', id);
  if (!stored) throw new Error('the subscription is gone');
  const { granted, ...subscription } = stored.value;
  const head = await store.loadHead({ userId, creditType: 'general' });
  const entries = (await store.loadEntries(userId)).toSorted((a, b) => a.seq - b.seq);
  const { balance, debt, grants, holds } = head;
  const dump = canonicalJson({
    subscription,
    wallet: {
      balance,
      debt,
      holds,
      grants: grants
        .toSorted(byBurnOrder)
        .map(({ category, expiresAt, remaining }) => [category, remaining, expiresAt]),
    },
    problems: verify(head, entries),
    ...(options.history && {
      granted: granted && { ...granted, grants: granted.grants.map(({ credits }) => credits) },
      entries: entries.map((entry) => [
        entry.type,
        entry.amount,
        entry.balanceAfter,
        entry.cause,
        entry.actor,
        entry.description,
      ]),
    }),
  });
  return dump.replaceAll(userId.replace('user-', ''), 'NAME');
}
