import { describe, expect, it } from 'vitest';
import { formatMoney, pricePerCredit } from '#lib/purchases/money-format';

describe('money is shown in the currency’s own format', () => {
  it.each([
    [1_000, 'USD', '$10.00'],
    [5, 'USD', '$0.05'],
    [0, 'EUR', '€0.00'],
    [60_000, 'USD', '$600.00'],
    [1_000, 'JPY', '¥1,000'],
    [50_000, 'INR', '₹500.00'],
    [1_500, 'KWD', 'KWD\u00a01.500'],
    [17_500, 'HUF', 'HUF\u00a0175.00'],
    [999_999_999_999, 'USD', '$9,999,999,999.99'],
  ])('%s minor units of %s are %s', (amountMinor, currency, text) => {
    expect(formatMoney({ amountMinor, currency })).toBe(text);
  });

  it('and in the reader’s language', () => {
    expect(formatMoney({ amountMinor: 123_456, currency: 'EUR' }, 'de')).toBe('1.234,56\u00a0€');
  });
});

it.each([
  [1_000, 100, 'USD', '0.10'],
  [8_000, 1_000, 'USD', '0.08'],
  [60_000, 10_000, 'USD', '0.06'],
  [1_000, 3, 'USD', '3.33333333'],
  [2_000, 3, 'USD', '6.66666667'],
  [1, 1_000, 'USD', '0.00001'],
  [1_000, 100, 'JPY', '10'],
  [150, 100, 'JPY', '1.5'],
  [0, 100, 'USD', '0.00'],
])(
  '%s minor units for %s credits in %s are %s a credit',
  (amountMinor, credits, currency, text) => {
    expect(pricePerCredit({ amountMinor, credits, currency })).toBe(text);
  },
);
