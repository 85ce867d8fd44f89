import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { translateStripeEvent } from '#lib/payments/stripe-event';
import { stripeEventBody } from '#tests/payments/stripe-deliveries';

const CREATED = 1_795_100_000;
const objects = {
  payment_intent: {
    id: 'pi_1',
    object: 'payment_intent',
    livemode: false,
    amount: 1_000,
    amount_received: 1_000,
    currency: 'usd',
    metadata: { purchase_id: 'pur_1' },
    status: 'succeeded',
  },
  charge: {
    id: 'ch_1',
    object: 'charge',
    livemode: false,
    amount_refunded: 400,
    currency: 'usd',
    metadata: { purchase_id: 'pur_1' },
    payment_intent: 'pi_1',
  },
  refund: {
    id: 're_1',
    object: 'refund',
    amount: 400,
    created: CREATED,
    currency: 'usd',
    metadata: {},
    payment_intent: 'pi_1',
    status: 'succeeded',
  },
  dispute: {
    id: 'dp_1',
    object: 'dispute',
    livemode: false,
    amount: 1_000,
    created: CREATED,
    currency: 'usd',
    metadata: {},
    payment_intent: 'pi_1',
    status: 'needs_response',
  },
} as const;
type Kind = keyof typeof objects;

function translate(
  type: string,
  kind: Kind,
  changes: object = {},
  event: { readonly livemode?: boolean; readonly apiVersion?: string } = {},
) {
  const object = { ...objects[kind], ...changes };
  const body = stripeEventBody({ id: 'evt_1', type, object, ...event });
  return translateStripeEvent({ body, livemode: false });
}

const common = { provider: 'stripe', eventId: 'evt_1', currency: 'USD', paymentRef: 'pi_1' };

describe('events about a payment become facts', () => {
  it('of money that arrived, with the purchase that our own call named', () => {
    expect(translate('payment_intent.succeeded', 'payment_intent')).toEqual({
      kind: 'event',
      event: {
        ...common,
        kind: 'payment',
        type: 'payment_intent.succeeded',
        at: '2026-11-18T11:06:40.000Z',
        claimedPurchaseId: 'pur_1',
        sessionRef: null,
        outcome: 'paid',
        declineReason: null,
        amountMinor: 1_000,
      },
    });
  });

  it('of money that arrived, as much as arrived', () => {
    const changes = { amount_received: 999 };
    expect(translate('payment_intent.succeeded', 'payment_intent', changes)).toMatchObject({
      event: { amountMinor: 999 },
    });
  });

  it('of an attempt that failed', () => {
    const error = { code: 'card_declined', decline_code: 'stolen_card', message: 'Declined.' };
    const declined = { status: 'requires_payment_method', amount_received: 0 };
    for (const [last_payment_error, declineReason] of [
      [error, 'card_declined'],
      [{ type: 'api_error' }, null],
      ['what nobody expects', null],
      [null, null],
    ]) {
      const changes = { ...declined, last_payment_error };
      expect(translate('payment_intent.payment_failed', 'payment_intent', changes)).toMatchObject({
        event: { kind: 'payment', outcome: 'declined', declineReason, amountMinor: 1_000 },
      });
    }
  });

  it('of a refund that our own call named', () => {
    const metadata = { purchase_id: 'pur_1', refund_key: 'rfd_1' };
    expect(translate('refund.created', 'refund', { metadata })).toMatchObject({
      event: { claimedPurchaseId: 'pur_1', refundKey: 'rfd_1' },
    });
  });

  it('of a refund, at the time of the refund, whichever event tells it', () => {
    for (const type of ['refund.created', 'refund.updated', 'refund.failed']) {
      expect(translate(type, 'refund')).toEqual({
        kind: 'event',
        event: {
          ...common,
          kind: 'refund',
          type,
          at: new Date(CREATED * 1_000).toISOString(),
          claimedPurchaseId: null,
          sessionRef: null,
          refundRef: 're_1',
          refundKey: null,
          amountMinor: 400,
          state: 'succeeded',
        },
      });
    }
  });

  it('of what is refunded in all', () => {
    expect(translate('charge.refunded', 'charge')).toMatchObject({
      event: { ...common, kind: 'refund_total', refundedMinor: 400, claimedPurchaseId: 'pur_1' },
    });
  });

  it.each([
    ['pending', 'pending'],
    ['requires_action', 'pending'],
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
    ['canceled', 'failed'],
  ])('of a refund that is %s as %s', (status, state) => {
    expect(translate('refund.updated', 'refund', { status })).toMatchObject({ event: { state } });
  });

  it.each([
    ['charge.dispute.created', 'warning_needs_response', 'inquiry'],
    ['charge.dispute.updated', 'warning_under_review', 'inquiry'],
    ['charge.dispute.closed', 'warning_closed', 'inquiry'],
    ['charge.dispute.created', 'needs_response', 'open'],
    ['charge.dispute.funds_withdrawn', 'needs_response', 'open'],
    ['charge.dispute.updated', 'under_review', 'open'],
    ['charge.dispute.closed', 'lost', 'lost'],
    ['charge.dispute.updated', 'appeal_needs_response', 'lost'],
    ['charge.dispute.updated', 'appeal_under_review', 'lost'],
    ['charge.dispute.closed', 'won', 'won'],
    ['charge.dispute.funds_reinstated', 'won', 'won'],
  ])('%s of a dispute that is %s as %s', (type, status, state) => {
    expect(translate(type, 'dispute', { status })).toMatchObject({
      event: { ...common, kind: 'dispute', disputeRef: 'dp_1', amountMinor: 1_000, state },
    });
  });

  it('whether the payment is named or expanded', () => {
    const changes = { payment_intent: { id: 'pi_9', object: 'payment_intent' } };
    expect(translate('refund.created', 'refund', changes)).toMatchObject({
      event: { paymentRef: 'pi_9' },
    });
  });

  it('but not of money that no payment intent of ours can have moved', () => {
    for (const [type, kind] of [
      ['refund.created', 'refund'],
      ['charge.refunded', 'charge'],
      ['charge.dispute.created', 'dispute'],
    ] as const) {
      expect(translate(type, kind, { payment_intent: null })).toMatchObject({ kind: 'ignored' });
    }
  });
});

describe('an event about a payment waits for a person when', () => {
  it.each<[string, string, Kind, object, string]>([
    [
      'its refund has a status to come',
      'refund.updated',
      'refund',
      { status: 'reversed' },
      'UNKNOWN_STATUS',
    ],
    ['its refund has no status', 'refund.updated', 'refund', { status: null }, 'UNKNOWN_STATUS'],
    [
      'its dispute has a status to come',
      'charge.dispute.updated',
      'dispute',
      { status: 'parley' },
      'UNKNOWN_STATUS',
    ],
    [
      'its dispute was prevented',
      'charge.dispute.updated',
      'dispute',
      { status: 'prevented' },
      'UNKNOWN_STATUS',
    ],
    [
      'a status names what every object has',
      'charge.dispute.updated',
      'dispute',
      { status: 'constructor' },
      'UNKNOWN_STATUS',
    ],
    [
      'a success is not one',
      'payment_intent.succeeded',
      'payment_intent',
      { status: 'processing' },
      'MALFORMED_EVENT',
    ],
    ['the object is another', 'refund.created', 'dispute', {}, 'MALFORMED_EVENT'],
    ['the amount is a fraction', 'refund.created', 'refund', { amount: 0.5 }, 'MALFORMED_EVENT'],
    [
      'the amount is text',
      'charge.refunded',
      'charge',
      { amount_refunded: '400' },
      'MALFORMED_EVENT',
    ],
    [
      'the payment could reach into another key',
      'refund.created',
      'refund',
      { payment_intent: 'pi#1' },
      'MALFORMED_EVENT',
    ],
    [
      'the payment is not told at all',
      'refund.created',
      'refund',
      { payment_intent: undefined },
      'MALFORMED_EVENT',
    ],
    [
      'the object is live',
      'charge.dispute.created',
      'dispute',
      { livemode: true },
      'WRONG_LIVEMODE',
    ],
  ])('%s', (_, type, kind, changes, reason) => {
    expect(translate(type, kind, changes)).toMatchObject({ kind: 'quarantine', reason });
  });

  it.each<[Kind, string]>([
    ['payment_intent', 'payment_intent.succeeded'],
    ['charge', 'charge.refunded'],
    ['refund', 'refund.created'],
    ['dispute', 'charge.dispute.closed'],
  ])('its %s comes from another release or mode', (kind, type) => {
    const old = translate(type, kind, {}, { apiVersion: '2025-03-31.basil' });
    expect(old).toMatchObject({ reason: 'WRONG_API_VERSION' });
    expect(translate(type, kind, {}, { livemode: true })).toMatchObject({
      reason: 'WRONG_LIVEMODE',
    });
  });
});

const fixtures = new URL('../../../shared/payloads/stripe/objects/', import.meta.url).pathname;

describe.skipIf(!existsSync(fixtures))(
  'Stripe’s own fixtures (skipped where the payload set is absent)',
  () => {
    it.each<[string, string]>([
      ['refund', 'refund.created'],
      ['dispute', 'charge.dispute.created'],
      ['charge', 'charge.refunded'],
      ['payment_intent', 'payment_intent.payment_failed'],
    ])('%s is read', (name, type) => {
      const raw: unknown = JSON.parse(readFileSync(`${fixtures}${name}.json`, 'utf8'));
      const fixture = z.looseObject({}).parse(raw);
      const object = name === 'payment_intent' ? fixture : { ...fixture, payment_intent: 'pi_1' };
      const body = stripeEventBody({ id: 'evt_1', type, object });
      expect(translateStripeEvent({ body, livemode: false })).toMatchObject({ kind: 'event' });
    });
  },
);
