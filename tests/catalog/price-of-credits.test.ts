import { describe, expect, it } from 'vitest';
import { type CreditPackage, priceOf } from '#lib/catalog/package';
import { priceOfCredits } from '#lib/catalog/price-of-credits';
import { settingOf, settings } from '#lib/settings/settings';

const initial = settingOf('price_per_credit', null);

describe('the price of a number of credits', () => {
  it.each<[number, string, string, number, number]>([
    [1, 'INR', '50.00', 0, 5_000],
    [25, 'INR', '50.00', 0, 125_000],
    [100, 'USD', '0.10', 0, 1_000],
    [1_000, 'USD', '0.10', 20, 8_000],
    [3, 'JPY', '15', 0, 45],
    // Providers charge three decimals in tens.
    [1, 'KWD', '0.124', 0, 120],
    [1, 'KWD', '0.125', 0, 130],
    [3, 'KWD', '0.125', 0, 380],
    [1, 'KWD', '0.001', 0, 10],
    // Half a cent is a cent; less is none, and nothing is free.
    [1, 'USD', '0.005', 0, 1],
    [3, 'USD', '0.00499999', 0, 1],
    [3, 'USD', '0.005', 0, 2],
    [1, 'USD', '0.00000001', 0, 1],
    [1, 'USD', '0.10', 99, 1],
    [1_000_000_000, 'USD', '0.1', 0, 10_000_000_000],
    // No float says this: 0.07 * 100 * 3 is 21.000000000000004.
    [3, 'USD', '0.07', 0, 21],
  ])('%i in %s at %s less %i %% is %i', (credits, currency, amount, discountPercent, expected) => {
    const prices = settings.price_per_credit.schema.parse([{ currency, amount }]);
    expect(priceOfCredits({ credits, currency, discountPercent }, prices)).toBe(expected);
  });

  it('does not exist in a currency that the setting does not name', () => {
    const wanted = { credits: 1, currency: 'EUR', discountPercent: 0 };
    expect(priceOfCredits(wanted, initial)).toBeNull();
  });
});

describe('the price of a package', () => {
  const plain: CreditPackage = {
    id: 'p',
    name: 'P',
    description: '10 credits',
    creditType: 'general',
    credits: 10,
    prices: [],
    active: true,
    position: 1,
  };
  const fixed = { ...plain, prices: [{ currency: 'EUR', amountMinor: 700 }] };
  it.each<[string, CreditPackage, string | undefined, [string, number, number | null] | null]>([
    ['fixed', fixed, 'EUR', ['EUR', 700, null]],
    ['fixed, in its first currency', fixed, undefined, ['EUR', 700, null]],
    ['fixed, and not derived unless it says so', fixed, 'INR', null],
    ['derived beside a fixed one', { ...fixed, discountPercent: 10 }, 'INR', ['INR', 45_000, 10]],
    [
      'derived, in the first currency',
      { ...plain, discountPercent: 0 },
      undefined,
      ['USD', 100, 0],
    ],
    ['derived, in no other currency', { ...plain, discountPercent: 0 }, 'GBP', null],
    ['of a package without any', plain, undefined, null],
  ])('%s', (_, offered, currency, expected) => {
    const price = priceOf(offered, { currency, perCredit: initial });
    expect(price && [price.currency, price.amountMinor, price.discountPercent]).toEqual(expected);
  });
});
