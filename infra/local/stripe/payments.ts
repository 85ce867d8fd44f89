import type Stripe from 'stripe';

import { InvariantError } from '#lib/invariant';
import { unixSeconds, type Account } from '#infra/local/stripe/account';
import { NO_REQUEST, type Cause } from '#infra/local/stripe/event-log';
import { newId } from '#infra/local/stripe/ids';
import { renderCharge, renderPaymentIntent } from '#infra/local/stripe/payment-shape';
import { sessionTotal, type Charge, type Payment, type Session } from '#infra/local/stripe/records';
import { paymentMethodTypes } from '#infra/local/stripe/session-shape';

const CARD_DECLINED = {
  code: 'card_declined',
  decline_code: 'generic_decline',
  message: 'Your card was declined.',
};
const BANK_REFUSED = {
  code: 'payment_intent_payment_attempt_failed',
  decline_code: 'insufficient_funds',
  message: 'The payment failed.',
};

/** A card is charged at once: the intent (made at the first try) and the charge, with their events. */
export function payNow(
  account: Account,
  act: { readonly session: Session; readonly declined: boolean },
): Payment {
  const cause = pageRequest();
  const payment = openPayment(account, { session: act.session, cause });
  const charge: Charge = {
    ...chargeOf(account, { payer: payerOf(act.session), payment, method: 'card' }),
    status: act.declined ? 'failed' : 'succeeded',
    failure: act.declined ? CARD_DECLINED : null,
  };
  return finish(account, { payment, charge, cause });
}

/** A bank payment is under way: the intent is processing and its charge pending. */
export function startSlowPayment(
  account: Account,
  act: { readonly session: Session; readonly settlesAs: 'success' | 'failure' },
): Payment {
  const { records, recordEvent } = account;
  const cause = pageRequest();
  const opened = openPayment(account, { session: act.session, cause });
  const [, method] = paymentMethodTypes(act.session.currency);
  const charge = chargeOf(account, { payer: payerOf(act.session), payment: opened, method });
  const payment: Payment = {
    ...opened,
    status: 'processing',
    latest_charge: charge.id,
    payment_method: charge.payment_method,
    error: null,
    settles_as: act.settlesAs,
  };
  records.charges.put(charge.id, charge);
  records.payments.put(payment.id, payment);
  recordEvent({ type: 'charge.pending', object: renderCharge(charge), cause });
  recordEvent({ type: 'payment_intent.processing', object: renderPaymentIntent(payment), cause });
  return payment;
}

/** The bank has answered. */
export function settlePayment(
  account: Account,
  act: { readonly session: Session; readonly succeeds: boolean },
): void {
  const payment = account.records.payments.get(act.session.payment_intent ?? '');
  const charge = account.records.charges.get(payment?.latest_charge ?? '');
  if (payment === undefined || charge === undefined) {
    throw new InvariantError('a session that waits for its payment has an intent and a charge');
  }
  finish(account, {
    payment: { ...payment, settles_as: null },
    charge: {
      ...charge,
      status: act.succeeds ? 'succeeded' : 'failed',
      failure: act.succeeds ? null : BANK_REFUSED,
    },
    cause: NO_REQUEST,
  });
}

/** Books the payment of a session. */
export function bookPayment(account: Account, session: Session): void {
  const payment = account.records.payments.get(session.payment_intent ?? '');
  if (payment !== undefined) bookCharge(account, payment);
}

/** Money is captured asynchronously: a moment after the payment its balance transaction is known. */
export function bookCharge(account: Account, payment: Payment): void {
  const { records, recordEvent } = account;
  const charge = records.charges.get(payment.latest_charge ?? '');
  if (charge?.status !== 'succeeded') return;
  const booked: Charge = { ...charge, balance_transaction: newId('balanceTransaction') };
  records.charges.put(charge.id, booked);
  recordEvent({
    type: 'charge.updated',
    object: renderCharge(booked),
    previous: { balance_transaction: null },
    cause: NO_REQUEST,
  });
}

/** An expired session takes the intent of its refused cards with it. */
export function cancelPayment(
  account: Account,
  act: { readonly session: Session; readonly cause: Cause },
): void {
  const { clock, records, recordEvent } = account;
  const payment = records.payments.get(act.session.payment_intent ?? '');
  if (payment?.status !== 'requires_payment_method') return;
  const canceled: Payment = {
    ...payment,
    status: 'canceled',
    canceled_at: unixSeconds(clock.now()),
  };
  records.payments.put(payment.id, canceled);
  recordEvent({
    type: 'payment_intent.canceled',
    object: renderPaymentIntent(canceled),
    cause: act.cause,
  });
}

function openPayment(
  account: Account,
  act: { readonly session: Session; readonly cause: Cause },
): Payment {
  const { clock, records, recordEvent } = account;
  const { session } = act;
  const present = records.payments.get(session.payment_intent ?? '');
  if (present !== undefined) return present;
  const id = newId('paymentIntent');
  const payment: Payment = {
    id,
    client_secret: `${id}_secret_${newId('secret')}`,
    session: session.id,
    customer: session.customer,
    created: unixSeconds(clock.now()),
    amount: sessionTotal(session),
    currency: session.currency,
    status: 'requires_payment_method',
    canceled_at: null,
    latest_charge: null,
    payment_method: null,
    payment_method_types: paymentMethodTypes(session.currency),
    error: null,
    settles_as: null,
    ...session.payment,
  };
  records.payments.put(id, payment);
  recordEvent({
    type: 'payment_intent.created',
    object: renderPaymentIntent(payment),
    cause: act.cause,
  });
  return payment;
}

function payerOf(session: Session): Charge['payer'] {
  if (session.payer === null) throw new InvariantError('whoever is charged has given an e-mail');
  return session.payer;
}

/** A charge that is still to be decided. */
export function chargeOf(
  account: Account,
  act: {
    readonly payer: Charge['payer'];
    readonly payment: Payment;
    readonly method: Charge['method'];
  },
): Charge {
  const { payer, payment, method } = act;
  return {
    id: newId(method === 'card' ? 'cardCharge' : 'bankCharge'),
    payment_intent: payment.id,
    payment_method: newId('paymentMethod'),
    method,
    created: unixSeconds(account.clock.now()),
    amount: payment.amount,
    currency: payment.currency,
    status: 'pending',
    amount_refunded: 0,
    disputed: false,
    balance_transaction: null,
    failure: null,
    payer,
    customer: payment.customer,
    metadata: payment.metadata,
    description: payment.description,
    receipt_email: payment.receipt_email,
    statement_descriptor: payment.statement_descriptor,
    statement_descriptor_suffix: payment.statement_descriptor_suffix,
  };
}

/** The bank has decided: the intent follows its charge. */
export function finish(
  account: Account,
  act: { readonly payment: Payment; readonly charge: Charge; readonly cause: Cause },
): Payment {
  const { records, recordEvent } = account;
  const { charge, cause } = act;
  const succeeded = charge.status === 'succeeded';
  const payment: Payment = {
    ...act.payment,
    status: succeeded ? 'succeeded' : 'requires_payment_method',
    latest_charge: charge.id,
    payment_method: charge.payment_method,
    error: charge.failure,
  };
  records.payments.put(payment.id, payment);
  records.charges.put(charge.id, charge);
  const intent: Stripe.PaymentIntent = renderPaymentIntent(payment);
  if (!succeeded) {
    recordEvent({ type: 'charge.failed', object: renderCharge(charge), cause });
    recordEvent({ type: 'payment_intent.payment_failed', object: intent, cause });
    return payment;
  }
  recordEvent({ type: 'charge.succeeded', object: renderCharge(charge), cause });
  recordEvent({ type: 'payment_intent.succeeded', object: intent, cause });
  return payment;
}

/** The page itself calls Stripe's API, so its payments carry a request that is not the account's. */
function pageRequest(): Cause {
  return { id: newId('request'), idempotency_key: crypto.randomUUID() };
}
