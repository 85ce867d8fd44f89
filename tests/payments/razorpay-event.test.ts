import { describe, expect, it } from 'vitest';
import { translateRazorpayEvent } from '#lib/payments/razorpay-event';
import { razorpayEventBody, type RazorpayEventParts } from '#tests/payments/razorpay-deliveries';

const translate = (type: string, parts: RazorpayEventParts = {}) =>
  translateRazorpayEvent({ body: razorpayEventBody(type, parts), eventId: 'evt_1' });
const eventOf = (type: string, parts: RazorpayEventParts = {}) => {
  const translation = translate(type, parts);
  expect(translation.kind).toBe('event');
  return translation.kind === 'event' ? translation.event : null;
};

describe('a payment', () => {
  it('is ours when it is captured, and says all that is needed to find and check its purchase', () => {
    expect(eventOf('payment.captured')).toEqual({
      kind: 'payment',
      provider: 'razorpay',
      eventId: 'evt_1',
      type: 'payment.captured',
      at: '2026-11-18T11:06:40.000Z',
      claimedPurchaseId: null,
      currency: 'INR',
      paymentRef: 'pay_1',
      sessionRef: 'order_1',
      outcome: 'paid',
      declineReason: null,
      amountMinor: 5_000,
    });
  });

  it('of a paid order says the same, and names the purchase by its receipt', () => {
    expect(eventOf('order.paid')).toEqual({
      ...eventOf('payment.captured'),
      type: 'order.paid',
      claimedPurchaseId: 'pur_1',
    });
  });

  it.each<[string, string, RazorpayEventParts, string]>([
    ['authorized', 'payment.authorized', {}, 'unpaid'],
    ['failed', 'payment.failed', {}, 'declined'],
    [
      'authorized, though its flag says captured, as card samples do',
      'payment.authorized',
      { payment: { captured: true } },
      'unpaid',
    ],
    [
      'failed, though its flag says captured, as card samples do',
      'payment.failed',
      { payment: { captured: true } },
      'declined',
    ],
    ['captured with the flag as text', 'payment.captured', { payment: { captured: '1' } }, 'paid'],
    [
      'authorized when it was captured before the event went out',
      'payment.authorized',
      { payment: { captured: true, status: 'captured' } },
      'paid',
    ],
    [
      'captured and given back before the event went out',
      'payment.captured',
      { payment: { status: 'refunded' } },
      'paid',
    ],
  ])('%s is understood', (_, type, parts, outcome) => {
    expect(eventOf(type, parts)).toMatchObject({ outcome });
  });

  it('that was declined says why, where Razorpay does', () => {
    const changes = { status: 'failed', error_reason: 'insufficient_funds' };
    expect(eventOf('payment.failed', { payment: changes })).toMatchObject({
      outcome: 'declined',
      declineReason: 'insufficient_funds',
    });
    expect(eventOf('payment.failed')).toMatchObject({ declineReason: null });
  });

  it('that was made without an order has no session', () => {
    const event = eventOf('payment.captured', { payment: { order_id: null } });
    expect(event).toMatchObject({ sessionRef: null, paymentRef: 'pay_1' });
  });
});

describe('a refund', () => {
  it.each([
    ['refund.created', 'pending', 'pending'],
    ['refund.created', 'processed', 'succeeded'],
    ['refund.processed', 'processed', 'succeeded'],
    ['refund.speed_changed', 'processed', 'succeeded'],
    ['refund.failed', 'failed', 'failed'],
  ])('%s with status %s is %s', (type, status, state) => {
    expect(eventOf(type, { refund: { status } })).toMatchObject({
      kind: 'refund',
      refundRef: 'rfnd_1',
      paymentRef: 'pay_1',
      sessionRef: 'order_1',
      amountMinor: 1_000,
      at: '2026-11-18T11:16:40.000Z',
      state,
    });
  });

  it('of a payment that nobody captured takes nothing back, because nothing was credited', () => {
    const payment = { captured: false, status: 'refunded' };
    expect(translate('refund.processed', { payment })).toMatchObject({ kind: 'ignored' });
  });

  it('of unknown status goes to a person', () => {
    const translation = translate('refund.processed', { refund: { status: 'reversed' } });
    expect(translation).toMatchObject({ kind: 'quarantine', reason: 'UNKNOWN_STATUS' });
  });
});

describe('a dispute', () => {
  it.each([
    ['created', { status: 'open', phase: 'chargeback' }, 'open'],
    ['action_required', { status: 'open', phase: 'pre_arbitration' }, 'open'],
    ['under_review', { status: 'under_review', phase: 'arbitration' }, 'open'],
    ['created', { status: 'open', phase: 'retrieval' }, 'inquiry'],
    ['created', { status: 'open', phase: 'fraud' }, 'inquiry'],
    ['won', { status: 'won', phase: 'chargeback' }, 'won'],
    ['lost', { status: 'lost', phase: 'chargeback', amount_deducted: 5_000 }, 'lost'],
    ['closed', { status: 'closed', phase: 'fraud' }, 'inquiry'],
    ['closed', { status: 'closed', phase: 'chargeback' }, 'won'],
    ['closed', { status: 'closed', phase: 'chargeback', amount_deducted: 5_000 }, 'lost'],
  ])('%s %o is %s', (step, dispute, state) => {
    expect(eventOf(`payment.dispute.${step}`, { dispute })).toMatchObject({
      kind: 'dispute',
      disputeRef: 'disp_1',
      paymentRef: 'pay_1',
      amountMinor: 5_000,
      state,
    });
  });

  it.each([
    { status: 'settled_at_the_bank', phase: 'chargeback' },
    { status: 'open', phase: 'mediation' },
    { status: 'closed', phase: '__proto__' },
  ])('of unknown meaning (%o) goes to a person', (dispute) => {
    const translation = translate('payment.dispute.created', { dispute });
    expect(translation).toMatchObject({ kind: 'quarantine', reason: 'UNKNOWN_STATUS' });
  });
});

describe('what is certainly not what Razorpay sends goes to a person', () => {
  it.each<[string, string, RazorpayEventParts]>([
    ['a captured payment that is not', 'payment.captured', { payment: { captured: false } }],
    ['a paid order whose payment failed', 'order.paid', { payment: { status: 'failed' } }],
    ['a paid order with a payment of another', 'order.paid', { payment: { order_id: 'order_2' } }],
    ['a refund of another payment', 'refund.created', { refund: { payment_id: 'pay_2' } }],
    ['an amount in rupees', 'payment.captured', { payment: { amount: 50.5 } }],
    ['an amount as text', 'payment.captured', { payment: { amount: '5000' } }],
    ['a negative amount', 'refund.created', { refund: { amount: -1 } }],
    ['a currency in small letters', 'payment.captured', { payment: { currency: 'inr' } }],
    ['an id that cannot be a key', 'payment.captured', { payment: { id: 'pay#1' } }],
    ['a time beyond all calendars', 'payment.captured', { payment: { created_at: 1e15 } }],
    ['a payment without its flag', 'payment.captured', { payment: { captured: undefined } }],
    ['a dispute without its phase', 'payment.dispute.won', { dispute: { phase: undefined } }],
  ])('%s', (_, type, parts) => {
    expect(translate(type, parts)).toMatchObject({
      kind: 'quarantine',
      reason: 'MALFORMED_EVENT',
      eventId: 'evt_1',
      type,
    });
  });

  it.each(['', '{"half":', 'null', '[]', '{}', '{"entity":"event","event":"payment.captured"}'])(
    'the body %j',
    (body) => {
      const translation = translateRazorpayEvent({ body, eventId: 'evt_1' });
      expect(translation).toMatchObject({ kind: 'quarantine', reason: 'MALFORMED_EVENT' });
    },
  );
});

it.each(['subscription.charged', 'invoice.paid', 'payment.downtime.started', '__proto__'])(
  'the event %s means nothing here',
  (event) => {
    const body = JSON.stringify({ entity: 'event', event, payload: {} });
    const translation = translateRazorpayEvent({ body, eventId: 'evt_1' });
    expect(translation).toEqual({ kind: 'ignored', eventId: 'evt_1', type: event });
  },
);
