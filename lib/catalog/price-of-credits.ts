import { chargeStep, type Currency, MINOR_UNIT_DIGITS } from '#lib/contract/amounts';
import type { CreditPrices } from '#lib/settings/settings';

/** Decimals of a price per credit, at most (`price_per_credit`). */
const PRICE_DIGITS_MAX = 8;

/**
 * What so many credits cost at the price per credit, less a discount: minor units, rounded half up to what providers
 * charge, never nothing. Null where the setting has no price in the currency.
 */
export function priceOfCredits(
  wanted: { readonly credits: number; readonly currency: string; readonly discountPercent: number },
  perCredit: CreditPrices,
): number | null {
  const price = perCredit.find(({ currency }) => currency === wanted.currency);
  if (!price) return null;
  const scale = 10n ** BigInt(PRICE_DIGITS_MAX);
  const minor = scaledPrice(price.amount) * 10n ** BigInt(digitsOf(price.currency));
  const amount = minor * BigInt(wanted.credits) * BigInt(100 - wanted.discountPercent);
  const step = chargeStep(price.currency);
  const unit = scale * 100n * BigInt(step);
  return step * Math.max(1, Number((2n * amount + unit) / (2n * unit)));
}

/** Decimal text in units of its last possible digit. */
function scaledPrice(amount: string): bigint {
  const [whole = '', fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(PRICE_DIGITS_MAX, '0'));
}

function digitsOf(currency: Currency): number {
  return MINOR_UNIT_DIGITS[currency];
}
