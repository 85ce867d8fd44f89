import { describe, expect, test } from 'vitest';
import type { InvoiceEvent } from '#lib/payments/subscription-event';
import { paidPeriodOf } from '#lib/subscriptions/plan-invoices';
import { DEFAULT_TIERS } from '#lib/subscriptions/tiers';

const time = (day: string) => `${day}T10:00:00.000Z`;

function invoiceOf(lines: readonly Partial<InvoiceEvent['lines'][number]>[]): InvoiceEvent {
  return {
    kind: 'invoice',
    provider: 'stripe',
    eventId: 'evt_1',
    type: 'invoice.paid',
    at: time('2028-01-31'),
    claimedUserId: 'ada',
    customerId: 'cus_1',
    subscriptionId: 'sub_1',
    invoiceId: 'in_1',
    outcome: 'paid',
    reason: 'update',
    amountMinor: 100,
    currency: 'USD',
    nextAttemptAt: null,
    lines: lines.map((line) => ({
      itemId: 'si_1',
      priceId: 'price_pro_usd',
      start: time('2028-01-31'),
      end: time('2028-02-29'),
      amountMinor: 2_900,
      isProration: false,
      ...line,
    })),
  };
}

const of = { tiers: DEFAULT_TIERS, anchor: time('2028-01-31') };
const premium = { priceId: 'price_premium_usd', amountMinor: 6_000, isProration: true };

describe('the period that an invoice pays for', () => {
  test.each([
    // A leap year: the 31st becomes the 29th of February, and comes back.
    ['2028-02-15', '2028-02-29', '2028-01-31'],
    ['2028-03-10', '2028-03-31', '2028-02-29'],
    ['2028-04-02', '2028-04-30', '2028-03-31'],
    ['2028-05-30', '2028-05-31', '2028-04-30'],
    ['2029-02-10', '2029-02-28', '2029-01-31'],
    ['2029-03-30', '2029-03-31', '2029-02-28'],
  ])('by what is left of it on %s is that until %s, since %s', (changed, end, start) => {
    const part = { start: time(changed), end: time(end) };
    const invoice = invoiceOf([
      { ...part, amountMinor: -1_400, isProration: true },
      { ...part, ...premium },
    ]);
    expect(paidPeriodOf(invoice, of)).toMatchObject({
      period: { tier: 'PREMIUM', start: time(start), end: time(end) },
    });
  });

  test('is that of its whole line, whatever parts of the month before stand beside it', () => {
    const whole = { start: time('2028-02-29'), end: time('2028-03-31') };
    const invoice = invoiceOf([premium, { ...whole, priceId: 'price_premium_usd' }]);
    expect(paidPeriodOf(invoice, of)).toMatchObject({ period: { tier: 'PREMIUM', ...whole } });
  });

  test.each([
    ['no tier has', [{ priceId: 'price_of_something_else' }]],
    ['stands on no line', [{ priceId: null }]],
    ['two lines have', [{}, { priceId: 'price_premium_usd' }]],
    ['is only given back', [{ amountMinor: -100, isProration: true }]],
  ])('by a price that %s is for a person', (_, lines) => {
    expect(paidPeriodOf(invoiceOf(lines), of)).toMatchObject({ reason: 'UNKNOWN_PRICE' });
  });

  test('by a price that is agreed in another currency is for a person', () => {
    const invoice = { ...invoiceOf([{}]), currency: 'SEK' };
    expect(paidPeriodOf(invoice, of)).toMatchObject({ reason: 'UNKNOWN_PRICE' });
  });
});
