import { existsSync, readdirSync, readFileSync } from 'node:fs';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { STRIPE_API_RELEASE, translateStripeEvent } from '#lib/payments/stripe-event';
import { checkoutEventBody } from '#tests/payments/stripe-deliveries';

const translate = (body: string, livemode = false) => translateStripeEvent({ body, livemode });

describe('a checkout event becomes facts', () => {
  it('with everything that a purchase is compared with', () => {
    expect(translate(checkoutEventBody())).toEqual({
      kind: 'event',
      event: {
        kind: 'checkout',
        provider: 'stripe',
        eventId: 'evt_1',
        type: 'checkout.session.completed',
        at: '2026-11-18T11:06:40.000Z',
        sessionRef: 'cs_test_1',
        claimedPurchaseId: 'pur_1',
        paymentRef: 'pi_1',
        outcome: 'paid',
        priceMinor: 1_000,
        payableMinor: 1_000,
        currency: 'USD',
      },
    });
  });

  it.each([
    ['checkout.session.completed', 'paid', 'paid'],
    ['checkout.session.completed', 'unpaid', 'unpaid'],
    ['checkout.session.completed', 'no_payment_required', 'free'],
    ['checkout.session.async_payment_succeeded', 'paid', 'paid'],
    ['checkout.session.async_payment_failed', 'unpaid', 'failed'],
    ['checkout.session.expired', 'unpaid', 'expired'],
  ])('%s with payment_status %s is %s', (type, payment_status, outcome) => {
    const translation = translate(checkoutEventBody({ type, session: { payment_status } }));
    expect(translation).toMatchObject({ kind: 'event', event: { outcome } });
  });

  it('whether the payment is named or expanded', () => {
    const session = { payment_intent: { id: 'pi_9', object: 'payment_intent' } };
    expect(translate(checkoutEventBody({ session }))).toMatchObject({
      event: { paymentRef: 'pi_9' },
    });
  });

  it('of a later month of the same release, which only adds', () => {
    const body = checkoutEventBody({ apiVersion: `2026-12-15.${STRIPE_API_RELEASE}` });
    expect(translate(body)).toMatchObject({ kind: 'event' });
  });
});

describe('an event waits for a person when', () => {
  it.each([
    ['it is live and we are not', checkoutEventBody({ livemode: true }), 'WRONG_LIVEMODE'],
    [
      'only its envelope is live and we are not',
      checkoutEventBody({ livemode: true, session: { livemode: false } }),
      'WRONG_LIVEMODE',
    ],
    [
      'its session is live and we are not',
      checkoutEventBody({ session: { livemode: true } }),
      'WRONG_LIVEMODE',
    ],
    [
      'it is of an older release',
      checkoutEventBody({ apiVersion: '2025-03-31.basil' }),
      'WRONG_API_VERSION',
    ],
    [
      'it is of a version without a name',
      checkoutEventBody({ apiVersion: '2020-08-27' }),
      'WRONG_API_VERSION',
    ],
    ['it has no version', checkoutEventBody({ apiVersion: null }), 'WRONG_API_VERSION'],
    ['it is not JSON', '{"id": "evt_1"', 'MALFORMED_EVENT'],
    ['it is empty', '', 'MALFORMED_EVENT'],
    ['it is JSON but no event', '[]', 'MALFORMED_EVENT'],
    ['it is null', 'null', 'MALFORMED_EVENT'],
    ['its id could reach into another key', checkoutEventBody({ id: 'evt#1' }), 'MALFORMED_EVENT'],
    [
      'the object is no session',
      checkoutEventBody({ session: { object: 'charge' } }),
      'MALFORMED_EVENT',
    ],
    [
      'the session id could reach into another key',
      checkoutEventBody({ session: { id: 'cs#1' } }),
      'MALFORMED_EVENT',
    ],
    [
      'the session has no amount',
      checkoutEventBody({ session: { amount_total: null } }),
      'MALFORMED_EVENT',
    ],
    [
      'the amount is a fraction',
      checkoutEventBody({ session: { amount_total: 999.5 } }),
      'MALFORMED_EVENT',
    ],
    [
      'the amount is text',
      checkoutEventBody({ session: { amount_total: '1000' } }),
      'MALFORMED_EVENT',
    ],
    [
      'the amount is negative',
      checkoutEventBody({ session: { amount_total: -1 } }),
      'MALFORMED_EVENT',
    ],
    [
      'the session has no currency',
      checkoutEventBody({ session: { currency: null } }),
      'MALFORMED_EVENT',
    ],
    [
      'the payment status is new',
      checkoutEventBody({ session: { payment_status: 'maybe' } }),
      'MALFORMED_EVENT',
    ],
    [
      'the session is not a payment',
      checkoutEventBody({ session: { mode: 'donation' } }),
      'MALFORMED_EVENT',
    ],
    [
      'paid names no payment',
      checkoutEventBody({ session: { payment_intent: null } }),
      'MALFORMED_EVENT',
    ],
    [
      'a late success says unpaid',
      checkoutEventBody({
        type: 'checkout.session.async_payment_succeeded',
        session: { payment_status: 'unpaid' },
      }),
      'MALFORMED_EVENT',
    ],
    [
      'a failure says paid',
      checkoutEventBody({ type: 'checkout.session.async_payment_failed' }),
      'MALFORMED_EVENT',
    ],
    [
      'an expiry says paid',
      checkoutEventBody({ type: 'checkout.session.expired' }),
      'MALFORMED_EVENT',
    ],
  ])('%s', (_, body, reason) => {
    expect(translate(body)).toMatchObject({ kind: 'quarantine', reason });
  });

  it('it is of test mode and we are live', () => {
    expect(translate(checkoutEventBody(), true)).toMatchObject({ reason: 'WRONG_LIVEMODE' });
  });
});

it.each(['payment_intent.created', 'charge.succeeded', 'constructor', '__proto__'])(
  'the event type %s is ignored, whatever it holds',
  (type) => {
    const body = checkoutEventBody({ type, apiVersion: '2020-08-27' });
    expect(translate(body)).toEqual({ kind: 'ignored', eventId: 'evt_1', type });
  },
);

it('we read the release of the API version that the SDK pins', () => {
  expect(Stripe.API_VERSION.split('.')[1]).toBe(STRIPE_API_RELEASE);
});

const payloads = new URL('../../../shared/payloads/stripe/', import.meta.url).pathname;

describe.skipIf(!existsSync(payloads))(
  'real bodies (skipped where the payload set is absent)',
  () => {
    // A skipped suite is still collected, and must not need what it is skipped for.
    const bodies = (existsSync(payloads) ? readdirSync(`${payloads}verbatim`) : [])
      .filter((name) => !name.includes('invoice-object'))
      .map((name) => [name, bodyOf(readFileSync(`${payloads}verbatim/${name}`, 'utf8'))] as const);

    it.each(bodies)('%s of an old version never becomes facts', (_, body) => {
      expect(translate(body).kind).not.toBe('event');
      expect(translate(body, true).kind).not.toBe('event');
    });

    it('the fixture session is read once it has a price', () => {
      const raw: unknown = JSON.parse(
        readFileSync(`${payloads}objects/checkout.session.json`, 'utf8'),
      );
      const session = z.looseObject({}).parse(raw);
      const body = checkoutEventBody({
        session: { ...session, amount_subtotal: 500, amount_total: 500, currency: 'eur' },
      });
      expect(translate(body)).toMatchObject({
        kind: 'event',
        event: { outcome: 'unpaid', currency: 'EUR', payableMinor: 500 },
      });
    });
  },
);

/** Some files are whole deliveries, `{headers, body}`. */
function bodyOf(text: string): string {
  const delivery = z
    .looseObject({ headers: z.unknown(), body: z.unknown() })
    .safeParse(JSON.parse(text));
  return delivery.success && delivery.data.body !== undefined
    ? JSON.stringify(delivery.data.body)
    : text;
}
