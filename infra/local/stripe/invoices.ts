import { InvariantError } from '#lib/invariant';
import { unixSeconds, type Account } from '#infra/local/stripe/account';
import { chargeSavedCard } from '#infra/local/stripe/charge-card';
import { findPrice } from '#infra/local/stripe/catalogue';
import { missingResource, StripeApiError } from '#infra/local/stripe/errors';
import { NO_REQUEST, type Cause } from '#infra/local/stripe/event-log';
import { newId } from '#infra/local/stripe/ids';
import { renderInvoice } from '#infra/local/stripe/invoice-shape';
import { renderPaymentIntent } from '#infra/local/stripe/payment-shape';
import type { Payment } from '#infra/local/stripe/records';
import { endSubscription, saveSubscription } from '#infra/local/stripe/subscription-changes';
import {
  amountDue,
  type Invoice,
  type InvoiceLine,
  invoiceTotal,
  periodOf,
  type Subscription,
} from '#infra/local/stripe/subscription-records';

/** Stripe leaves the invoice of a renewal open to changes for about an hour. */
const DRAFT_S = 3_600;
const DAY_S = 86_400;
/** After each failed attempt; after the last one the subscription ends. */
const RETRY_AFTER_DAYS = [3, 5, 7] as const;

/** Throws `StripeApiError` for an id that names nothing, as Stripe does in a path. */
export function findInvoice(account: Account, id: string): Invoice {
  const invoice = account.records.invoices.get(id);
  if (invoice !== undefined) return invoice;
  throw missingResource('invoice', id, { param: 'invoice', inPath: true });
}

/** Makes an invoice; a renewal's is finalized an hour later. */
export function draftInvoice(
  account: Account,
  wanted: {
    readonly subscription: Subscription;
    readonly reason: Invoice['billing_reason'];
    readonly lines: readonly InvoiceLine[];
    readonly cause: Cause;
  },
): Invoice {
  const { clock, records } = account;
  const { subscription, lines, reason } = wanted;
  const now = unixSeconds(clock.now());
  const customer = records.customers.get(subscription.customer);
  if (customer === undefined) throw new InvariantError('a subscription has a customer');
  const number = records.invoices.list().filter((known) => known.customer === customer.id).length;
  const current = periodOf(subscription);
  const invoice: Invoice = {
    id: newId('invoice'),
    number: `${customer.invoice_prefix}-${String(number + 1).padStart(4, '0')}`,
    subscription: subscription.id,
    customer: customer.id,
    customer_email: customer.email,
    customer_name: customer.name,
    metadata: subscription.metadata,
    created: now,
    currency: findPrice(subscription.price, null).currency,
    billing_reason: reason,
    status: 'draft',
    lines: [...lines],
    // An invoice's own period is the one before: its lines say what is paid for.
    period:
      reason === 'subscription_cycle'
        ? {
            start: periodOf({ ...subscription, month: subscription.month - 1 }).start,
            end: current.start,
          }
        : { start: now, end: now },
    starting_balance: 0,
    ending_balance: null,
    attempts: 0,
    due: reason === 'subscription_cycle' ? now + DRAFT_S : now,
    finalized_at: null,
    paid_at: null,
    payment_intent: null,
  };
  records.invoices.put(invoice.id, invoice);
  tell(account, 'invoice.created', invoice, wanted.cause);
  records.subscriptions.put(subscription.id, { ...subscription, latest_invoice: invoice.id });
  return invoice;
}

interface Collection {
  readonly invoice: Invoice;
  readonly cause: Cause;
  /** The customer is there and pays, whatever the card does when they are away. */
  readonly isSure?: boolean;
  /** A payment that fails is the caller's answer, and nothing has happened. */
  readonly orThrow?: boolean;
}

/** Finalizes an invoice and takes its money. */
export function collect(account: Account, act: Collection): Invoice {
  const { clock, records } = account;
  const customer = records.customers.get(act.invoice.customer);
  const balance = customer?.balance ?? 0;
  const total = invoiceTotal(act.invoice);
  const open: Invoice = {
    ...act.invoice,
    status: 'open',
    finalized_at: unixSeconds(clock.now()),
    starting_balance: balance,
    // What is given back, and what the balance has too much for this invoice, stays to the customer's credit.
    ending_balance: Math.min(0, total + balance),
    due: null,
  };
  records.invoices.put(open.id, open);
  if (customer !== undefined && (open.ending_balance ?? 0) !== balance) {
    records.customers.put(customer.id, { ...customer, balance: open.ending_balance ?? 0 });
  }
  tell(account, 'invoice.finalized', open, act.cause);
  return payInvoice(account, { ...act, invoice: open });
}

/** Tries to take the money of an open invoice; its subscription follows. */
export function payInvoice(account: Account, act: Collection): Invoice {
  const { records } = account;
  const { cause, invoice: open } = act;
  const amount = amountDue(open);
  const payment = amount === 0 ? null : charge(account, { ...act, amount });
  const attempted: Invoice = {
    ...open,
    attempts: open.attempts + (payment === null ? 0 : 1),
    payment_intent: payment?.id ?? null,
  };
  if (payment === null || payment.status === 'succeeded') {
    return settle(account, attempted, cause);
  }
  if (act.orThrow === true) throw declined(payment);
  const waitDays = RETRY_AFTER_DAYS[attempted.attempts - 1];
  const due = waitDays === undefined ? null : nowOf(account) + waitDays * DAY_S;
  const failed: Invoice = { ...attempted, due };
  records.invoices.put(failed.id, failed);
  tell(account, 'invoice.payment_failed', failed, cause);
  const before = subscriptionOf(account, failed);
  const changed: Subscription = { ...before, status: 'past_due' };
  const late = saveSubscription(account, { before, changed, cause });
  if (due === null) {
    const cancellation = { ...late.cancellation, reason: 'payment_failed' as const };
    endSubscription(account, { subscription: { ...late, cancellation }, cause: NO_REQUEST });
  }
  return failed;
}

function settle(account: Account, attempted: Invoice, cause: Cause): Invoice {
  const paid: Invoice = { ...attempted, status: 'paid', paid_at: nowOf(account), due: null };
  account.records.invoices.put(paid.id, paid);
  tell(account, 'invoice.paid', paid, cause);
  tell(account, 'invoice.payment_succeeded', paid, cause);
  const before = subscriptionOf(account, paid);
  if (before.status !== 'canceled') {
    saveSubscription(account, { before, changed: { ...before, status: 'active' }, cause });
  }
  return paid;
}

function charge(account: Account, act: Collection & { readonly amount: number }): Payment {
  const { amount, cause, invoice, isSure } = act;
  const { default_payment_method: id } = subscriptionOf(account, invoice);
  const method = account.records.paymentMethods.get(id ?? '');
  if (method === undefined) throw new InvariantError('a subscription has a card');
  return chargeSavedCard(account, {
    method: isSure === true ? { ...method, behaviour: 'pays' } : method,
    cause,
    charging: {
      amount,
      currency: invoice.currency,
      // Neither the invoice's nor the subscription's: Stripe does not copy them.
      metadata: {},
      description:
        invoice.billing_reason === 'subscription_create'
          ? 'Subscription creation'
          : 'Subscription update',
      receipt_email: null,
      statement_descriptor: null,
      statement_descriptor_suffix: null,
    },
  });
}

/** As the API refuses it with `error_if_incomplete`. */
function declined(payment: Payment): StripeApiError {
  const { error } = payment;
  if (error === null) throw new InvariantError('a refused payment says why');
  return new StripeApiError({
    status: 402,
    type: 'card_error',
    code: error.code,
    message: error.message,
    declined: { code: error.decline_code, intent: renderPaymentIntent(payment) },
  });
}

function tell(
  account: Account,
  type:
    | 'invoice.created'
    | 'invoice.finalized'
    | 'invoice.paid'
    | 'invoice.payment_succeeded'
    | 'invoice.payment_failed',
  invoice: Invoice,
  cause: Cause,
): void {
  account.recordEvent({
    type,
    object: renderInvoice(invoice, subscriptionOf(account, invoice)),
    cause,
  });
}

function subscriptionOf(account: Account, invoice: Invoice): Subscription {
  const subscription = account.records.subscriptions.get(invoice.subscription);
  if (subscription === undefined) throw new InvariantError('an invoice has a subscription');
  return subscription;
}

function nowOf(account: Account): number {
  return unixSeconds(account.clock.now());
}
