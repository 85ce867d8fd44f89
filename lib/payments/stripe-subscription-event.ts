import type { Translation } from '#lib/payments/payment-event';
import {
  type Envelope,
  ignored,
  isoTime,
  quarantine,
  type Read,
  reader,
} from '#lib/payments/stripe-envelope';
import {
  type Invoice,
  invoice,
  type StripeSubscription,
  subscription,
} from '#lib/payments/stripe-objects';
import { toldOf } from '#lib/payments/stripe-subscription-state';
import type { InvoiceReason } from '#lib/payments/subscription-event';

/**
 * Every type of event that says something about a subscription. Those of the subscription all carry it whole, so that
 * what happened to it is of no interest: how it stands then is. `invoice.payment_succeeded` tells no more than
 * `invoice.paid` does, and less where an invoice was paid outside of Stripe.
 */
export const subscriptionReaders: Readonly<Record<string, Read>> = {
  'customer.subscription.created': reader(subscription, stateEvent),
  'customer.subscription.updated': reader(subscription, stateEvent),
  'customer.subscription.deleted': reader(subscription, stateEvent),
  'customer.subscription.paused': reader(subscription, stateEvent),
  'customer.subscription.resumed': reader(subscription, stateEvent),
  'customer.subscription.pending_update_applied': reader(subscription, stateEvent),
  'customer.subscription.pending_update_expired': reader(subscription, stateEvent),
  'customer.subscription.trial_will_end': reader(subscription, stateEvent),
  'invoice.paid': reader(invoice, (event, object) =>
    object.status === 'paid'
      ? invoiceEvent(event, object, 'paid')
      : quarantine(event, 'MALFORMED_EVENT', `status is ${object.status ?? 'absent'}`),
  ),
  'invoice.payment_failed': reader(invoice, (event, object) =>
    invoiceEvent(event, object, 'failed'),
  ),
};

function stateEvent(event: Envelope, object: StripeSubscription): Translation {
  const told = toldOf(object);
  if ('reason' in told) return quarantine(event, told.reason, told.detail);
  return {
    kind: 'subscription',
    event: {
      kind: 'state',
      ...common(event),
      claimedUserId: object.metadata,
      customerId: told.customerId,
      told,
    },
  };
}

/** An invoice that belongs to no subscription is none of our business, and neither is one that bills no period. */
function invoiceEvent(event: Envelope, object: Invoice, outcome: 'paid' | 'failed'): Translation {
  const { billing_reason: billed, customer, next_payment_attempt: next, parent } = object;
  if (parent === null) return ignored(event);
  const reason = reasonOf(billed);
  if (reason === null) return ignored(event);
  if (reason === 'unknown' || customer === null) {
    const detail = `billing_reason is ${billed ?? 'absent'}, customer is ${customer ?? 'absent'}`;
    return quarantine(event, customer === null ? 'MALFORMED_EVENT' : 'UNKNOWN_STATUS', detail);
  }
  return {
    kind: 'subscription',
    event: {
      kind: 'invoice',
      ...common(event),
      claimedUserId: parent.metadata,
      customerId: customer,
      subscriptionId: parent.subscription,
      invoiceId: object.id,
      outcome,
      reason,
      amountMinor: outcome === 'paid' ? object.amount_paid : object.amount_due,
      currency: object.currency.toUpperCase(),
      nextAttemptAt: next === null ? null : isoTime(next),
      lines: object.lines.data.map((line) => ({
        itemId: line.parent?.subscription_item_details?.subscription_item ?? null,
        priceId: line.pricing,
        start: isoTime(line.period.start),
        end: isoTime(line.period.end),
        amountMinor: line.amount,
        isProration: isProration(line),
      })),
    },
  };
}

/** A change bills its parts as items of the invoice, or of the subscription, by the account's billing mode. */
function isProration({ parent }: Invoice['lines']['data'][number]): boolean {
  const { invoice_item_details: ofInvoice, subscription_item_details: ofItem } = parent ?? {};
  return (ofInvoice?.proration ?? false) || (ofItem?.proration ?? false);
}

/**
 * Which invoices pay for a period: the first, those of renewals, and those that a change of price brings at once. Null
 * for what is billed beside: by hand, for usage, or for changes whose period is paid already. Quotes and the legacy
 * `subscription` are nothing that we sell by, so that they are for a person.
 */
const REASONS: Readonly<Record<string, InvoiceReason | null>> = {
  subscription_create: 'create',
  subscription_cycle: 'cycle',
  subscription_update: 'update',
  automatic_pending_invoice_item_invoice: null,
  manual: null,
  subscription_threshold: null,
  upcoming: null,
};

function reasonOf(reason: string | null): InvoiceReason | 'unknown' | null {
  const known = reason !== null && Object.hasOwn(REASONS, reason);
  return known ? (REASONS[reason] ?? null) : 'unknown';
}

function common(event: Envelope) {
  const { created, id: eventId, type } = event;
  return { provider: 'stripe', eventId, type, at: isoTime(created) } as const;
}
