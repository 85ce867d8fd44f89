import { createHmac } from 'node:crypto';

import { InvariantError } from '#lib/invariant';
import { badRequest, missing } from '#infra/local/razorpay/errors';
import type { Account } from '#infra/local/razorpay/event-log';
import {
  authorizePayment,
  beginPayment,
  failPayment,
  settlePayment,
} from '#infra/local/razorpay/payments';
import type { Method, Order, Payment, Records } from '#infra/local/razorpay/records';

/** What the customer does on the hosted page. */
export const OUTCOMES = ['success', 'decline', 'async_success', 'async_failure', 'cancel'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** One API key of the account. */
export interface KeyPair {
  readonly keyId: string;
  readonly keySecret: string;
}

export interface Payer {
  /** `card` when not given. */
  readonly method?: Method | undefined;
  readonly email?: string | undefined;
  readonly contact?: string | undefined;
  /** How long a slow payment takes, on the stack's clock; at once when not given. */
  readonly settleAfterMs?: number | undefined;
}

/** What Checkout hands to the app, in its own names. */
export interface Handover {
  readonly razorpay_payment_id: string;
  readonly razorpay_order_id: string;
  readonly razorpay_signature: string;
}

/** What came of a customer's act; without a signature there is nothing for the app to verify. */
export interface PayResult {
  readonly outcome: Outcome;
  readonly order_status: Order['status'];
  readonly payment_status: Payment['status'] | null;
  readonly razorpay_order_id: string;
  readonly razorpay_payment_id: string | null;
  readonly razorpay_signature: string | null;
}

export interface Checkout {
  find(orderId: string): Order;
  /** The last attempt to pay an order; that which paid it, once it is paid. */
  paymentOf(orderId: string): Payment | undefined;
  /** What Checkout gives the app for a payment that is authorized or more. */
  handover(payment: Payment): Handover | undefined;
  /** Acts for the customer; throws `RazorpayApiError` when the order cannot be paid any more. */
  pay(orderId: string, outcome: Outcome, payer?: Payer): PayResult;
}

const DEFAULT_EMAIL = 'customer@example.com';
const DEFAULT_CONTACT = '+919000090000';

/** The life of an order on Razorpay's page. */
export function createCheckout(account: Account, keys: () => readonly KeyPair[]): Checkout {
  const { records } = account;
  const find = (orderId: string): Order => {
    const order = records.orders.get(orderId);
    if (order === undefined) throw missing();
    return order;
  };
  const handover = (payment: Payment): Handover | undefined => {
    if (payment.status === 'created' || payment.status === 'failed') return undefined;
    const { key_id: keyId } = find(payment.order);
    const pairs = keys();
    // A key that was exchanged since: the app opens Checkout with the new one.
    const secret = (pairs.find((pair) => pair.keyId === keyId) ?? pairs[0])?.keySecret;
    if (secret === undefined) throw new InvariantError('an account with orders has a key');
    return {
      razorpay_payment_id: payment.id,
      razorpay_order_id: payment.order,
      razorpay_signature: signCheckout({ orderId: payment.order, paymentId: payment.id, secret }),
    };
  };
  return {
    find,
    handover,
    paymentOf: (orderId) => lastPayment(records, orderId),
    pay: (orderId, outcome, payer = {}) =>
      records.transaction(() => {
        const order = find(orderId);
        const payment =
          outcome === 'cancel' ? undefined : advance(account, { order, outcome, payer });
        return {
          outcome,
          order_status: find(orderId).status,
          payment_status: payment?.status ?? null,
          razorpay_order_id: orderId,
          razorpay_payment_id: payment?.id ?? null,
          razorpay_signature: (payment && handover(payment)?.razorpay_signature) ?? null,
        };
      }),
  };
}

/** What Checkout signs: HMAC-SHA256 over order and payment, with the secret of the API key. */
function signCheckout(message: {
  readonly orderId: string;
  readonly paymentId: string;
  readonly secret: string;
}): string {
  const { orderId, paymentId, secret } = message;
  return createHmac('sha256', secret).update(`${orderId}|${paymentId}`).digest('hex');
}

function lastPayment(records: Records, orderId: string): Payment | undefined {
  const payments = records.payments.list().filter((payment) => payment.order === orderId);
  return payments.findLast((payment) => payment.captured) ?? payments.at(-1);
}

function advance(
  account: Account,
  act: {
    readonly order: Order;
    readonly outcome: Exclude<Outcome, 'cancel'>;
    readonly payer: Payer;
  },
): Payment {
  const { order, outcome, payer } = act;
  if (order.status === 'paid') {
    throw badRequest(
      'Your payment has been declined as the order is already paid. Please initiate the payment with a new order.',
    );
  }
  const succeeds = outcome === 'success' || outcome === 'async_success';
  const waiting = lastPayment(account.records, order.id);
  if (waiting?.status === 'created') return settlePayment(account, { payment: waiting, succeeds });
  if (waiting?.status === 'authorized') {
    if (waiting.settles_as === 'captured' && succeeds) {
      return settlePayment(account, { payment: waiting, succeeds });
    }
    throw badRequest('This order has a payment that is authorized: it has to be captured first.');
  }
  const payment = beginPayment(account, {
    order,
    method: payer.method ?? 'card',
    email: payer.email ?? DEFAULT_EMAIL,
    contact: payer.contact ?? DEFAULT_CONTACT,
  });
  if (outcome === 'decline') return failPayment(account, payment);
  if (outcome === 'async_failure') {
    return settleLater(account, { payment, settlesAs: 'failed', afterMs: payer.settleAfterMs });
  }
  const authorized = authorizePayment(account, payment);
  if (order.capture === 'manual') return authorized;
  return settleLater(account, {
    payment: authorized,
    settlesAs: 'captured',
    afterMs: outcome === 'success' ? undefined : payer.settleAfterMs,
  });
}

function settleLater(
  account: Account,
  act: {
    readonly payment: Payment;
    readonly settlesAs: 'captured' | 'failed';
    readonly afterMs: number | undefined;
  },
): Payment {
  const { clock, records } = account;
  const { payment, settlesAs, afterMs } = act;
  const waiting: Payment = { ...payment, settles_as: settlesAs };
  if (afterMs === undefined) {
    return settlePayment(account, { payment: waiting, succeeds: settlesAs === 'captured' });
  }
  records.payments.put(payment.id, waiting);
  records.timers.put(`settle:${payment.id}`, {
    what: 'settle payment',
    of: payment.id,
    due_ms: clock.now().getTime() + afterMs,
  });
  return waiting;
}
