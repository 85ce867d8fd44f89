import { describe, expect, it } from 'vitest';
import { translateStripeEvent } from '#lib/payments/stripe-event';
import { stripeEventBody } from '#tests/payments/stripe-deliveries';
import {
  BEGUN,
  invoiceLine,
  type InvoiceParts,
  RENEWED,
  stripeInvoiceObject,
  type SubscriptionParts,
  stripeSubscriptionObject,
} from '#tests/payments/stripe-subscriptions';

const at = '2027-02-01T10:00:00.000Z';
const end = '2027-03-01T10:00:00.000Z';

function translate(type: string, object: object, event: { readonly apiVersion?: string } = {}) {
  const body = stripeEventBody({ id: 'evt_1', type, object, created: BEGUN, ...event });
  return translateStripeEvent({ body, livemode: false });
}
const state = (type: string, parts: SubscriptionParts = {}) =>
  translate(`customer.subscription.${type}`, stripeSubscriptionObject(parts));
const invoice = (type: string, parts: InvoiceParts = {}) =>
  translate(`invoice.${type}`, stripeInvoiceObject(parts));

describe('an event of a subscription', () => {
  it.each([
    'created',
    'updated',
    'deleted',
    'resumed',
    'pending_update_applied',
    'pending_update_expired',
    'trial_will_end',
  ])('%s tells how it stands, and whom our own call named', (type) => {
    expect(state(type)).toMatchObject({
      kind: 'subscription',
      event: {
        kind: 'state',
        eventId: 'evt_1',
        type: `customer.subscription.${type}`,
        at,
        claimedUserId: 'ada',
        customerId: 'cus_1',
        told: { subscriptionId: 'sub_1', status: 'ACTIVE', lines: [{ start: at, end }] },
      },
    });
  });

  it('of a status that we do not know is for a person', () => {
    const paused = state('paused', { fields: { status: 'paused' } });
    expect(paused).toMatchObject({ kind: 'quarantine', reason: 'UNKNOWN_STATUS' });
  });

  it('that names nobody says so, and is not lost', () => {
    expect(state('updated', { userId: null })).toMatchObject({ event: { claimedUserId: null } });
    const bare = state('updated', { fields: { metadata: null } });
    expect(bare).toMatchObject({ event: { claimedUserId: null } });
  });
});

describe('an event of an invoice', () => {
  it('that is paid tells what was paid for, by its lines and not by its own period', () => {
    expect(invoice('paid')).toEqual({
      kind: 'subscription',
      event: {
        kind: 'invoice',
        provider: 'stripe',
        eventId: 'evt_1',
        type: 'invoice.paid',
        at,
        claimedUserId: 'ada',
        customerId: 'cus_1',
        subscriptionId: 'sub_1',
        invoiceId: 'in_1',
        outcome: 'paid',
        reason: 'create',
        amountMinor: 2_900,
        currency: 'USD',
        nextAttemptAt: null,
        lines: [
          {
            itemId: 'si_sub_1',
            priceId: 'price_pro_usd',
            start: at,
            end,
            amountMinor: 2_900,
            isProration: false,
          },
        ],
      },
    });
  });

  it('that failed tells what is owed, and when Stripe tries again', () => {
    const fields = { status: 'open', amount_paid: 0, next_payment_attempt: RENEWED };
    const failed = invoice('payment_failed', { reason: 'subscription_cycle', fields });
    expect(failed).toMatchObject({
      event: { outcome: 'failed', reason: 'cycle', amountMinor: 2_900, nextAttemptAt: end },
    });
  });

  it('knows a part of a period in either billing mode', () => {
    const { parent, ...line } = invoiceLine({ amount: -900 });
    const ofInvoice = {
      ...line,
      parent: {
        ...parent,
        invoice_item_details: { proration: true },
        subscription_item_details: null,
      },
    };
    const lines = [ofInvoice, invoiceLine({ proration: true, price: 'price_premium_usd' })];
    expect(invoice('paid', { reason: 'subscription_update', lines })).toMatchObject({
      event: {
        reason: 'update',
        lines: [
          { isProration: true, amountMinor: -900, itemId: null },
          { isProration: true, priceId: 'price_premium_usd' },
        ],
      },
    });
  });

  it.each(['manual', 'subscription_threshold', 'automatic_pending_invoice_item_invoice'])(
    'for %s pays for no period',
    (reason) => {
      expect(invoice('paid', { reason })).toMatchObject({ kind: 'ignored' });
    },
  );

  it.each(['quote_accept', 'subscription', 'subscription_of_tomorrow'])(
    'for %s is for a person',
    (reason) => {
      const paid = invoice('paid', { reason });
      expect(paid).toMatchObject({ kind: 'quarantine', reason: 'UNKNOWN_STATUS' });
    },
  );

  it('that belongs to no subscription is not our business', () => {
    expect(invoice('paid', { fields: { parent: null } })).toMatchObject({ kind: 'ignored' });
  });

  it('called paid while it is not is for a person', () => {
    const open = invoice('paid', { fields: { status: 'open' } });
    expect(open).toMatchObject({ kind: 'quarantine', reason: 'MALFORMED_EVENT' });
  });
});

describe('the shapes before 2025-03-31 are never read as today’s', () => {
  it('with their own version, or with ours', () => {
    const { parent, ...invoiceBefore } = stripeInvoiceObject();
    const old = { ...invoiceBefore, subscription: parent.subscription_details.subscription };
    const { pricing, ...lineBefore } = invoiceLine();
    const oldLine = { ...lineBefore, price: { id: pricing.price_details.price } };
    const bodies = [
      ['invoice.paid', old],
      ['invoice.payment_failed', old],
      ['invoice.paid', stripeInvoiceObject({ lines: [oldLine] })],
      ['customer.subscription.updated', stripeSubscriptionObject({ fields: { items: undefined } })],
    ] as const;
    for (const [type, object] of bodies) {
      expect(translate(type, object)).toMatchObject({ reason: 'MALFORMED_EVENT' });
      const before = translate(type, object, { apiVersion: '2024-06-20' });
      expect(before).toMatchObject({ reason: 'WRONG_API_VERSION' });
    }
  });
});

it('a page that sold a subscription leaves the word to the subscription', () => {
  const page = { id: 'cs_1', object: 'checkout.session', livemode: false, mode: 'subscription' };
  expect(translate('checkout.session.completed', page)).toMatchObject({ kind: 'ignored' });
});
