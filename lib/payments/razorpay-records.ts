import type * as z from 'zod';
import type { Translation } from '#lib/payments/payment-event';
import { isMissing, type RazorpayClient } from '#lib/payments/razorpay-client';
import {
  isOurs,
  razorpayCollection,
  razorpayDispute,
  razorpayOrder,
  type RazorpayPayment,
  razorpayPayment,
  type RazorpayRefund,
  razorpayRefund,
} from '#lib/payments/razorpay-entities';
import { translateRazorpayEvent } from '#lib/payments/razorpay-event';
import type {
  ProviderListing,
  ProviderRecords,
  RecordsWindow,
  SessionAnswer,
} from '#lib/purchases/provider-records';

const PAGE_SIZE = 100;
const PAGES_MAX = 20;
/** Refunds name their payment and not its order, which is asked for where it is not at hand. */
const PAYMENT_LOOKUPS_MAX = 300;
/** A provider that does not answer is not asked about all of them. */
export const LOOKUP_FAILURES_MAX = 3;
const ORDERS_OF_RECEIPT_MAX = 10;

/** What Razorpay has on record, told as its events tell it (razorpay.com/docs/api). */
export function createRazorpayRecords(client: RazorpayClient): ProviderRecords {
  return {
    provider: 'razorpay',
    listRecords: (window) => listRecords(client, window),
    findSession: async (purchase) => {
      if (purchase.session) return findOrder(client, purchase.session.id);
      const orders = await client.ask({
        method: 'GET',
        path: `/orders?count=${ORDERS_OF_RECEIPT_MAX}&skip=0&receipt=${purchase.id}`,
        answer: razorpayCollection(razorpayOrder),
      });
      if (orders.kind !== 'answered') return { kind: 'unknown', detail: orders.detail };
      const order = orders.value.items.find(({ receipt }) => receipt === purchase.id);
      return order ? findOrder(client, order.id) : { kind: 'absent' };
    },
  };
}

/** Orders do not expire: one is over as soon as nobody is paying it. */
async function findOrder(client: RazorpayClient, orderId: string): Promise<SessionAnswer> {
  const answer = await client.ask({
    method: 'GET',
    path: `/orders/${orderId}/payments`,
    answer: razorpayCollection(razorpayPayment),
  });
  if (answer.kind === 'refused') {
    return isMissing(answer) ? { kind: 'absent' } : { kind: 'unknown', detail: answer.detail };
  }
  if (answer.kind === 'unknown') return answer;
  const { items } = answer.value;
  return {
    kind: 'found',
    session: { id: orderId, url: null, expiresAt: null },
    isOpen: items.some(({ status }) => status === 'authorized' || status === 'created'),
    translations: items.filter(isOurs).map(translatePayment),
  };
}

async function listRecords(
  client: RazorpayClient,
  window: RecordsWindow,
): Promise<ProviderListing> {
  const { until } = window;
  const payments = await listAll(client, {
    path: '/payments',
    item: razorpayPayment,
    from: window.payments,
    until,
  });
  const refunds = await listAll(client, {
    path: '/refunds',
    item: razorpayRefund,
    from: window.refunds,
    until,
  });
  const disputes = await listAll(client, {
    path: '/disputes',
    item: razorpayDispute,
    from: window.disputes,
    until,
  });
  const refunded = await translateRefunds(client, {
    refunds: refunds.items,
    payments: payments.items,
  });
  const problems = [payments, refunds, disputes, refunded].flatMap(({ problem }) => problem ?? []);
  const translations = [
    ...payments.items.filter(isOurs).map(translatePayment),
    ...refunded.items,
    ...disputes.items.map((entity) =>
      translate('payment.dispute.created', entity.id, { dispute: { entity } }),
    ),
  ];
  return { translations, problems };
}

interface Listing<T> {
  readonly items: readonly T[];
  readonly problem: string | null;
}

async function listAll<S extends z.ZodType>(
  client: RazorpayClient,
  list: {
    readonly path: `/${string}`;
    readonly item: S;
    readonly from: string;
    readonly until: string;
  },
): Promise<Listing<z.output<S>>> {
  const items: z.output<S>[] = [];
  // What is made meanwhile would move the pages, had they no end.
  const range = `from=${secondsOf(list.from)}&to=${secondsOf(list.until)}`;
  for (let number = 0; number < PAGES_MAX; number += 1) {
    const answer = await client.ask({
      method: 'GET',
      path: `${list.path}?${range}&count=${PAGE_SIZE}&skip=${items.length}`,
      answer: razorpayCollection(list.item),
    });
    if (answer.kind !== 'answered') {
      return { items, problem: `Razorpay's ${list.path}: ${answer.detail}` };
    }
    items.push(...answer.value.items);
    if (answer.value.items.length < PAGE_SIZE) return { items, problem: null };
  }
  return { items, problem: `Razorpay's ${list.path}: more than ${PAGES_MAX * PAGE_SIZE}` };
}

async function translateRefunds(
  client: RazorpayClient,
  known: {
    readonly refunds: readonly RazorpayRefund[];
    readonly payments: readonly RazorpayPayment[];
  },
): Promise<Listing<Translation>> {
  const payments = new Map(known.payments.map((payment) => [payment.id, payment]));
  const items: Translation[] = [];
  let lookups = 0;
  let failures = 0;
  let problem: string | null = null;
  for (const entity of known.refunds) {
    const { payment_id: paymentId } = entity;
    if (!payments.has(paymentId)) {
      if (lookups === PAYMENT_LOOKUPS_MAX) {
        problem = `more than ${PAYMENT_LOOKUPS_MAX} older payments were refunded at Razorpay`;
        break;
      }
      if (failures === LOOKUP_FAILURES_MAX) break;
      lookups += 1;
      const answer = await client.ask({
        method: 'GET',
        path: `/payments/${paymentId}`,
        answer: razorpayPayment,
      });
      if (answer.kind !== 'answered' || answer.value.id !== paymentId) {
        problem = `Razorpay's payment ${paymentId} could not be read`;
        failures += 1;
        continue;
      }
      payments.set(paymentId, answer.value);
    }
    const payment = { entity: payments.get(paymentId) };
    items.push(translate('refund.processed', entity.id, { refund: { entity }, payment }));
  }
  return { items, problem };
}

function translatePayment(entity: RazorpayPayment): Translation {
  return translate('payment.captured', entity.id, { payment: { entity } });
}

/** An object in the event that would have told of it. */
function translate(type: string, id: string, payload: object): Translation {
  const body = JSON.stringify({ entity: 'event', event: type, payload });
  return translateRazorpayEvent({ body, eventId: `reconciled_${id}` });
}

function secondsOf(instant: string): number {
  return Math.floor(Date.parse(instant) / 1000);
}
