import { randomInt } from 'node:crypto';

import { InvariantError } from '#lib/invariant';
import { badRequest, missing } from '#infra/local/razorpay/errors';
import { type Account, unixSeconds } from '#infra/local/razorpay/event-log';
import { newId } from '#infra/local/razorpay/ids';
import type { Method, Order, Payment } from '#infra/local/razorpay/records';
import { refundUncaptured } from '#infra/local/razorpay/refunds';

/** What Razorpay gives back to the customer when nobody has captured it (3 days). */
const CAPTURE_WITHIN_MS = 3 * 24 * 60 * 60 * 1000;
const BANK_REFERENCE_DIGITS = 12;

/** A customer's attempt to pay an order, of which nothing is known yet. */
export function beginPayment(
  account: Account,
  act: {
    readonly order: Order;
    readonly method: Method;
    readonly email: string;
    readonly contact: string;
  },
): Payment {
  const { clock, records } = account;
  const { order, method, email, contact } = act;
  const payment: Payment = {
    id: newId('payment'),
    order: order.id,
    created: unixSeconds(clock.now()),
    amount: order.amount,
    currency: order.currency,
    method,
    status: 'created',
    captured: false,
    amount_refunded: 0,
    card_id: method === 'card' ? newId('card') : null,
    bank_reference: null,
    email,
    contact,
    settles_as: null,
  };
  records.payments.put(payment.id, payment);
  records.orders.put(order.id, { ...order, status: 'attempted', attempts: order.attempts + 1 });
  return payment;
}

/** The bank has the money set aside; it is the app's when it is captured. */
export function authorizePayment(account: Account, payment: Payment): Payment {
  const { clock, records, recordEvent } = account;
  const authorized: Payment = {
    ...payment,
    status: 'authorized',
    bank_reference: bankReference(),
    settles_as: null,
  };
  records.payments.put(payment.id, authorized);
  records.timers.delete(`settle:${payment.id}`);
  records.timers.put(`give back:${payment.id}`, {
    what: 'give payment back',
    of: payment.id,
    due_ms: clock.now().getTime() + CAPTURE_WITHIN_MS,
  });
  recordEvent({ type: 'payment.authorized', payment: authorized });
  return authorized;
}

/** The money is the app's, and the order is paid: two events for one fact. */
function capturePayment(account: Account, payment: Payment): Payment {
  const { records, recordEvent } = account;
  const captured: Payment = { ...payment, status: 'captured', captured: true, settles_as: null };
  const order: Order = { ...orderOf(account, payment), status: 'paid' };
  records.payments.put(payment.id, captured);
  records.orders.put(order.id, order);
  records.timers.delete(`settle:${payment.id}`);
  records.timers.delete(`give back:${payment.id}`);
  recordEvent({ type: 'payment.captured', payment: captured });
  recordEvent({ type: 'order.paid', payment: captured, order });
  return captured;
}

/** The bank has refused. A failure is not the last word: see `authorizeLate`. */
export function failPayment(account: Account, payment: Payment): Payment {
  const { records, recordEvent } = account;
  const failed: Payment = { ...payment, status: 'failed', settles_as: null };
  records.payments.put(payment.id, failed);
  records.timers.delete(`settle:${payment.id}`);
  recordEvent({ type: 'payment.failed', payment: failed });
  return failed;
}

/**
 * The bank has answered. A payment that succeeds is captured if the account does so by itself and
 * nobody has paid the order meanwhile: an order takes one payment.
 */
export function settlePayment(
  account: Account,
  act: { readonly payment: Payment; readonly succeeds: boolean },
): Payment {
  const { records } = account;
  const { payment, succeeds } = act;
  if (!succeeds) return failPayment(account, payment);
  const authorized = payment.status === 'authorized' ? payment : authorizePayment(account, payment);
  const order = orderOf(account, payment);
  if (order.capture === 'automatic' && order.status !== 'paid') {
    return capturePayment(account, authorized);
  }
  const waiting: Payment = { ...authorized, settles_as: null };
  records.payments.put(payment.id, waiting);
  records.timers.delete(`settle:${payment.id}`);
  return waiting;
}

/**
 * The bank says after all that a payment it had refused, or not answered for, has succeeded ("late
 * authorization"). Throws `RazorpayApiError` for a payment that is beyond that.
 */
export function authorizeLate(account: Account, paymentId: string): Payment {
  const payment = findPayment(account, paymentId);
  if (payment.status !== 'failed' && payment.status !== 'created') {
    throw badRequest(`This payment is ${payment.status}: no bank can still authorize it.`);
  }
  return settlePayment(account, { payment, succeeds: true });
}

/** Captures at the app's request; throws `RazorpayApiError` as Razorpay refuses it. */
export function captureAtRequest(
  account: Account,
  request: { readonly id: string; readonly amount: number; readonly currency: string },
): Payment {
  const payment = findPayment(account, request.id);
  if (payment.captured) throw badRequest('This payment has already been captured');
  if (payment.status !== 'authorized') {
    throw badRequest(
      'Only payments which have been authorized and not yet captured can be captured',
    );
  }
  if (orderOf(account, payment).status === 'paid') {
    throw badRequest(
      'Your payment has been declined as the order is already paid. Please initiate the payment with a new order.',
    );
  }
  if (request.currency !== payment.currency) {
    throw badRequest('Capture currency must be the same as that of the payment', {
      field: 'currency',
    });
  }
  if (request.amount !== payment.amount) {
    throw badRequest('Capture amount must be equal to the amount authorized', { field: 'amount' });
  }
  return capturePayment(account, payment);
}

/** Nobody captured it in time: the customer has the money back, and the app never had it. */
export function givePaymentBack(account: Account, paymentId: string): void {
  account.records.timers.delete(`give back:${paymentId}`);
  const payment = findPayment(account, paymentId);
  if (payment.status === 'authorized') refundUncaptured(account, payment);
}

/** The payment of an id; throws `RazorpayApiError` for an unknown one. */
export function findPayment(account: Account, id: string): Payment {
  const payment = account.records.payments.get(id);
  if (payment === undefined) throw missing();
  return payment;
}

/** The order that a payment is for. */
function orderOf(account: Account, payment: Payment): Order {
  const order = account.records.orders.get(payment.order);
  if (order === undefined) throw new InvariantError('a payment has an order');
  return order;
}

function bankReference(): string {
  return Array.from({ length: BANK_REFERENCE_DIGITS }, () => randomInt(10)).join('');
}
