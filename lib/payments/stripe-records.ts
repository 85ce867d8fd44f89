import Stripe from 'stripe';
import * as z from 'zod';
import type { Translation } from '#lib/payments/payment-event';
import { askStripe, type StripeAccount } from '#lib/payments/stripe-client';
import { translateStripeEvent } from '#lib/payments/stripe-event';
import {
  CHARGE_EVENTS,
  isSlowPaymentOver,
  paidAtOf,
  stripeId,
  unixSeconds,
} from '#lib/payments/stripe-objects';
import type {
  ProviderListing,
  ProviderRecords,
  RecordsWindow,
  SessionAnswer,
} from '#lib/purchases/provider-records';

const PAGE_SIZE = 100;
const PAGES_MAX = 20;
/** Asking for a page again is asking for the same one for a day, so that a lost one was made within it. */
const SESSION_SEARCH_S = 86_400;

export interface StripeRecordsAccount extends StripeAccount {
  readonly now: () => Date;
}

const listed = z.looseObject({ id: stripeId, created: unixSeconds });
const page = z.object({ object: z.literal('list'), data: z.array(listed), has_more: z.boolean() });
const session = z.looseObject({
  id: stripeId,
  object: z.literal('checkout.session'),
  status: z.enum(['open', 'complete', 'expired']),
  payment_status: z.string(),
  mode: z.string(),
  client_reference_id: z.string().nullable(),
  url: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .catch(null),
  expires_at: unixSeconds,
});
type Session = z.output<typeof session>;
type Listed = z.output<typeof listed>;

interface Query {
  readonly created: { readonly gte: number; readonly lte: number };
  readonly limit: number;
  readonly starting_after?: string;
}
type ListCall = (stripe: Stripe, query: Query) => Promise<unknown>;

const charged = z.looseObject({
  id: stripeId,
  object: z.literal('payment_intent'),
  status: z.string(),
  metadata: z.looseObject({ purchase_id: z.string().optional() }).nullable(),
});

const lists = {
  charges: (stripe, query) => stripe.paymentIntents.list(query),
  sessions: (stripe, query) =>
    stripe.checkout.sessions.list({ ...query, expand: ['data.payment_intent.latest_charge'] }),
  refunds: (stripe, query) => stripe.refunds.list(query),
  disputes: (stripe, query) => stripe.disputes.list(query),
} as const satisfies Record<string, ListCall>;
type ListName = keyof typeof lists;

/**
 * What Stripe has on record, told as its events tell it (docs.stripe.com/api). All that we sell is paid through
 * Checkout, so its sessions are the list of our payments; a saved card is charged for a purchase that waits until it is
 * known what came of it, so that it is asked about by its own.
 */
export function createStripeRecords(account: StripeRecordsAccount): ProviderRecords {
  return {
    provider: 'stripe',
    listRecords: (window) => listRecords(account, window),
    findSession: (purchase) => {
      if (purchase.origin === 'auto_topup') return searchCharge(account, purchase);
      return purchase.session ? retrieve(account, purchase.session.id) : search(account, purchase);
    },
  };
}

async function listRecords(
  account: StripeRecordsAccount,
  window: RecordsWindow,
): Promise<ProviderListing> {
  const until = secondsOf(window.until);
  const sessions = await listAll(account, 'sessions', {
    gte: secondsOf(window.payments),
    lte: until,
  });
  const refunds = await listAll(account, 'refunds', { gte: secondsOf(window.refunds), lte: until });
  const disputes = await listAll(account, 'disputes', {
    gte: secondsOf(window.disputes),
    lte: until,
  });
  const problems = [sessions, refunds, disputes].flatMap(({ problem }) => problem ?? []);
  const translations = [
    ...sessions.items.flatMap((item) => {
      const parsed = session.safeParse(item);
      // Not of a kind that we sell, or nothing has become of it yet.
      if (parsed.success && parsed.data.mode !== 'payment') return [];
      if (!parsed.success) problems.push(`a Checkout Session of Stripe has another shape`);
      if (!parsed.success || (paidAtOf(parsed.data) ?? 0) > until) return [];
      return translateSession(account, parsed.data);
    }),
    ...refunds.items.map((item) => translate(account, { type: 'refund.updated', object: item })),
    ...disputes.items.map((item) =>
      translate(account, { type: 'charge.dispute.updated', object: item }),
    ),
  ];
  return { translations, problems };
}

interface Listing {
  readonly items: readonly Listed[];
  readonly problem: string | null;
}

async function listAll(
  account: StripeRecordsAccount,
  name: ListName,
  created: Query['created'],
): Promise<Listing> {
  const items: Listed[] = [];
  for (let number = 0; number < PAGES_MAX; number += 1) {
    const last = items.at(-1)?.id;
    const query = {
      created,
      limit: PAGE_SIZE,
      ...(last !== undefined && { starting_after: last }),
    };
    const answer = await askStripe(account, (stripe) => lists[name](stripe, query));
    if (answer.kind !== 'answered') {
      return { items, problem: `Stripe's ${name}: ${answer.detail}` };
    }
    const parsed = page.safeParse(answer.value);
    if (!parsed.success) return { items, problem: `Stripe's ${name}: the answer is no list` };
    items.push(...parsed.data.data);
    if (!parsed.data.has_more || parsed.data.data.length === 0) return { items, problem: null };
  }
  return { items, problem: `Stripe's ${name}: more than ${PAGES_MAX * PAGE_SIZE}` };
}

async function retrieve(account: StripeRecordsAccount, id: string): Promise<SessionAnswer> {
  const answer = await askStripe(account, (stripe) =>
    stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent.latest_charge'] }),
  );
  if (answer.kind === 'refused' && answer.status === 404) return { kind: 'absent' };
  if (answer.kind !== 'answered') return { kind: 'unknown', detail: answer.detail };
  const parsed = session.safeParse(answer.value);
  return parsed.success && parsed.data.id === id
    ? found(account, parsed.data)
    : { kind: 'unknown', detail: 'the answer is not the session' };
}

/** Of a purchase whose page we were never told: Stripe finds no page by its purchase, so all of that day are seen. */
async function search(
  account: StripeRecordsAccount,
  purchase: { readonly id: string; readonly createdAt: string },
): Promise<SessionAnswer> {
  const begun = secondsOf(purchase.createdAt);
  const created = { gte: begun - 60, lte: begun + SESSION_SEARCH_S };
  const { items, problem } = await listAll(account, 'sessions', created);
  for (const item of items) {
    const parsed = session.safeParse(item);
    if (parsed.success && parsed.data.client_reference_id === purchase.id) {
      return found(account, parsed.data);
    }
  }
  return problem === null ? { kind: 'absent' } : { kind: 'unknown', detail: problem };
}

/** A saved card was charged, within a day: Stripe's lists know no purchase either. */
async function searchCharge(
  account: StripeRecordsAccount,
  purchase: { readonly id: string; readonly createdAt: string },
): Promise<SessionAnswer> {
  const begun = secondsOf(purchase.createdAt);
  const created = { gte: begun - 60, lte: begun + SESSION_SEARCH_S };
  const { items, problem } = await listAll(account, 'charges', created);
  for (const item of items) {
    const parsed = charged.safeParse(item);
    if (!parsed.success || parsed.data.metadata?.purchase_id !== purchase.id) continue;
    const { id, status } = parsed.data;
    const type = CHARGE_EVENTS[status];
    const translations =
      type === undefined ? [] : [translate(account, { type, object: parsed.data })];
    const session = { id, url: null, expiresAt: null };
    return { kind: 'found', session, isOpen: type === undefined, translations };
  }
  return problem === null ? { kind: 'absent' } : { kind: 'unknown', detail: problem };
}

function found(account: StripeRecordsAccount, object: Session): SessionAnswer {
  // A session that is complete and unpaid waits for a slow payment, until that has come to nothing.
  const isSlow = object.status === 'complete' && object.payment_status === 'unpaid';
  const isOpen = object.status === 'open' || (isSlow && !isSlowPaymentOver(object));
  const { expires_at: expires, id, url } = object;
  const session = { id, url, expiresAt: new Date(expires * 1000).toISOString() };
  return { kind: 'found', session, isOpen, translations: translateSession(account, object) };
}

function translateSession(account: StripeRecordsAccount, object: Session): readonly Translation[] {
  switch (object.status) {
    case 'open':
      return [];
    case 'complete': {
      const type = isSlowPaymentOver(object) ? 'async_payment_failed' : 'completed';
      return [translate(account, { type: `checkout.session.${type}`, object })];
    }
    case 'expired':
      return [translate(account, { type: 'checkout.session.expired', object })];
  }
}

/**
 * An object in the event that would have told of it. Where it does not say when that was, it is dated now: of all times
 * at which a fact was told the first counts, so that the event itself, should it come yet, corrects it.
 */
function translate(
  account: StripeRecordsAccount,
  told: { readonly type: string; readonly object: { readonly id: string } },
): Translation {
  const event = {
    id: `reconciled_${told.object.id}`,
    object: 'event',
    type: told.type,
    api_version: Stripe.API_VERSION,
    created: paidAtOf(told.object) ?? Math.floor(account.now().getTime() / 1000),
    livemode: modeOf(told.object) ?? account.livemode,
    data: { object: told.object },
  };
  return translateStripeEvent({ body: JSON.stringify(event), livemode: account.livemode });
}

const withMode = z.object({ livemode: z.boolean() });

/** Refunds do not say their mode: then it is that of the key. */
function modeOf(object: object): boolean | null {
  const parsed = withMode.safeParse(object);
  return parsed.success ? parsed.data.livemode : null;
}

function secondsOf(instant: string): number {
  return Math.floor(Date.parse(instant) / 1000);
}
