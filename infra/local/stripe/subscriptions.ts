import { InvariantError } from '#lib/invariant';
import { unixSeconds, type Account } from '#infra/local/stripe/account';
import { findPrice, type RecurringPrice } from '#infra/local/stripe/catalogue';
import type { CardBehaviour, Customer } from '#infra/local/stripe/customer-records';
import { invalidRequest, missingResource, notSimulated } from '#infra/local/stripe/errors';
import { NO_REQUEST, type Cause } from '#infra/local/stripe/event-log';
import { newId } from '#infra/local/stripe/ids';
import { collect, draftInvoice, payInvoice } from '#infra/local/stripe/invoices';
import { endSubscription, saveSubscription } from '#infra/local/stripe/subscription-changes';
import {
  type Invoice,
  type InvoiceLine,
  periodOf,
  type Subscription,
} from '#infra/local/stripe/subscription-records';
import { renderSubscription } from '#infra/local/stripe/subscription-shape';

/** Throws `StripeApiError` for an id that names nothing, as Stripe does in a path. */
export function findSubscription(account: Account, id: string): Subscription {
  const subscription = account.records.subscriptions.get(id);
  if (subscription !== undefined) return subscription;
  throw missingResource('subscription', id, { param: 'id', inPath: true });
}

/** Begins a subscription whose first invoice is paid on the page that sold it. */
export function startSubscription(
  account: Account,
  wanted: {
    readonly customer: Customer;
    readonly price: RecurringPrice;
    readonly paymentMethod: string;
    readonly description: string | null;
    readonly metadata: Readonly<Record<string, string>>;
  },
): { readonly subscription: Subscription; readonly invoice: Invoice } {
  const { clock, records, recordEvent } = account;
  const now = unixSeconds(clock.now());
  const begun: Subscription = {
    id: newId('subscription'),
    item: newId('subscriptionItem'),
    created: now,
    customer: wanted.customer.id,
    price: wanted.price.id,
    default_payment_method: wanted.paymentMethod,
    description: wanted.description,
    metadata: { ...wanted.metadata },
    anchor: now,
    month: 0,
    status: 'incomplete',
    cancel_at_period_end: false,
    canceled_at: null,
    ended_at: null,
    cancellation: { comment: null, feedback: null, reason: null },
    latest_invoice: null,
    pending: [],
  };
  records.subscriptions.put(begun.id, begun);
  recordEvent({
    type: 'customer.subscription.created',
    object: renderSubscription(begun),
    cause: NO_REQUEST,
  });
  const draft = draftInvoice(account, {
    subscription: begun,
    reason: 'subscription_create',
    lines: [lineOfPeriod(begun)],
    cause: NO_REQUEST,
  });
  // The page has tried the card before: this is how the payment that it took is booked.
  const invoice = collect(account, { invoice: draft, cause: NO_REQUEST, isSure: true });
  return { subscription: findSubscription(account, begun.id), invoice };
}

export type ProrationBehavior = 'always_invoice' | 'create_prorations' | 'none';

/** Bills another price from now on; throws `StripeApiError` (402) where it is to be paid now and is not. */
export function changePrice(
  account: Account,
  act: {
    readonly subscription: Subscription;
    readonly price: RecurringPrice;
    /** As it is to be with the price, in one change. */
    readonly metadata: Subscription['metadata'];
    readonly behavior: ProrationBehavior;
    readonly cause: Cause;
  },
): Subscription {
  const { behavior, cause, metadata, price, subscription: before } = act;
  const present = findPrice(before.price, null);
  if (price.currency !== present.currency) {
    throw invalidRequest(
      `The price specified only supports \`${price.currency}\`. This doesn't match the expected currency: \`${present.currency}\`.`,
      { param: 'items[0][price]' },
    );
  }
  if (price.id === present.id) {
    return saveSubscription(account, { before, changed: { ...before, metadata }, cause });
  }
  if (before.status !== 'active' && behavior === 'always_invoice') {
    throw notSimulated('a change of price while another invoice is unpaid', 'proration_behavior');
  }
  const lines =
    behavior === 'none' ? [] : prorations(account, { before, from: present, to: price });
  const changed: Subscription = {
    ...before,
    price: price.id,
    metadata,
    pending: behavior === 'create_prorations' ? [...before.pending, ...lines] : before.pending,
  };
  if (behavior !== 'always_invoice') return saveSubscription(account, { before, changed, cause });
  const saved = saveSubscription(account, { before, changed, cause });
  const draft = draftInvoice(account, {
    subscription: saved,
    reason: 'subscription_update',
    lines,
    cause,
  });
  collect(account, { invoice: draft, cause, orThrow: true });
  return findSubscription(account, saved.id);
}

/** Lets it end with its period, or takes that back. */
export function setCancelAtPeriodEnd(
  account: Account,
  act: {
    readonly subscription: Subscription;
    readonly cancels: boolean;
    readonly comment: string | undefined;
    readonly cause: Cause;
  },
): Subscription {
  const { cancels, cause, comment, subscription: before } = act;
  const now = unixSeconds(account.clock.now());
  const changed: Subscription = {
    ...before,
    cancel_at_period_end: cancels,
    canceled_at: cancels ? (before.canceled_at ?? now) : null,
    cancellation: {
      comment: cancels ? (comment ?? before.cancellation.comment) : null,
      feedback: null,
      reason: cancels ? 'cancellation_requested' : null,
    },
  };
  return saveSubscription(account, { before, changed, cause });
}

/** Ends it now. */
export function cancelNow(
  account: Account,
  act: { readonly subscription: Subscription; readonly comment?: string; readonly cause: Cause },
): Subscription {
  const { cause, comment, subscription } = act;
  if (subscription.status === 'canceled') {
    throw missingResource('subscription', subscription.id, { param: 'id', inPath: true });
  }
  const cancellation = {
    ...subscription.cancellation,
    comment: comment ?? null,
    reason: 'cancellation_requested' as const,
  };
  return endSubscription(account, { subscription: { ...subscription, cancellation }, cause });
}

/** What the bank says to this customer's saved card from now on. */
export function setCardOf(
  account: Account,
  act: { readonly subscription: Subscription; readonly behaviour: CardBehaviour },
): Subscription {
  const { paymentMethods } = account.records;
  const method = paymentMethods.get(act.subscription.default_payment_method ?? '');
  if (method === undefined) throw new InvariantError('a subscription has a card');
  paymentMethods.put(method.id, { ...method, behaviour: act.behaviour });
  return act.subscription;
}

/** Pays what is open, as the customer does on the page of the invoice. */
export function payOpenInvoice(account: Account, subscription: Subscription): Invoice {
  const open = account.records.invoices
    .list()
    .find((invoice) => invoice.subscription === subscription.id && invoice.status === 'open');
  if (open === undefined) throw invalidRequest('Invoice is already paid');
  return payInvoice(account, { invoice: open, cause: NO_REQUEST, isSure: true });
}

/** Does what time has brought to a subscription: its end, or its next period with the invoice of that. */
export function rollSubscription(account: Account, before: Subscription): void {
  if (before.cancel_at_period_end) {
    endSubscription(account, { subscription: before, cause: NO_REQUEST });
    return;
  }
  const changed: Subscription = { ...before, month: before.month + 1, pending: [] };
  const rolled = saveSubscription(account, { before, changed, cause: NO_REQUEST });
  draftInvoice(account, {
    subscription: rolled,
    reason: 'subscription_cycle',
    lines: [...before.pending, lineOfPeriod(rolled)],
    cause: NO_REQUEST,
  });
}

function lineOfPeriod(subscription: Subscription): InvoiceLine {
  const price = findPrice(subscription.price, null);
  return {
    id: newId('invoiceLine'),
    amount: price.unit_amount,
    description: `1 × ${price.name} (monthly)`,
    price: price.id,
    period: periodOf(subscription),
    proration: false,
  };
}

/** Gives back what is left of the old price, and asks for the new one for the same time; to the second. */
function prorations(
  account: Account,
  change: {
    readonly before: Subscription;
    readonly from: RecurringPrice;
    readonly to: RecurringPrice;
  },
): InvoiceLine[] {
  const { before, from, to } = change;
  const whole = periodOf(before);
  const start = Math.min(unixSeconds(account.clock.now()), whole.end);
  const share = (whole.end - start) / (whole.end - whole.start);
  const line = (price: RecurringPrice, sign: 1 | -1, what: string): InvoiceLine => ({
    id: newId('invoiceLine'),
    amount: sign * Math.round(price.unit_amount * share),
    description: `${what} ${price.name}`,
    price: price.id,
    period: { start, end: whole.end },
    proration: true,
  });
  return [line(from, -1, 'Unused time on'), line(to, 1, 'Remaining time on')];
}
