import { type Currency, MINOR_UNIT_DIGITS } from '#lib/contract/amounts';
import { invariant } from '#lib/invariant';

/** Money in the currency's minor unit: 1000 USD is ten dollars, 1000 JPY a thousand yen. */
export interface Money {
  readonly amountMinor: number;
  readonly currency: string;
}

/** Money as people read it, with the currency's own number of decimals: `$10.00`, `¥1,000`, `KWD 1.500`. */
export function formatMoney(money: Money, locale = 'en'): string {
  const digits = digitsOf(money.currency);
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: money.currency,
    // Intl's own digits follow cash usage in a few countries; charges follow ISO 4217.
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return format.format(decimalText(BigInt(money.amountMinor), digits));
}

/** Decimals beyond the currency's own in a price per credit: a credit may cost less than the smallest coin. */
const PER_CREDIT_EXTRA_DIGITS = 6;

/**
 * The price of one credit in the currency's major unit, as decimal text rounded half up: `0.10` for 1000 USD cents and
 * 100 credits. Text, because no float holds it.
 */
export function pricePerCredit(price: Money & { readonly credits: number }): string {
  const digits = digitsOf(price.currency);
  const scale = 10n ** BigInt(PER_CREDIT_EXTRA_DIGITS);
  const credits = BigInt(price.credits);
  const scaled = (2n * BigInt(price.amountMinor) * scale + credits) / (2n * credits);
  const text = decimalText(scaled, digits + PER_CREDIT_EXTRA_DIGITS);
  // Zeros beyond the currency's own digits say nothing.
  const keep = text.indexOf('.') + 1 + digits;
  const trimmed = text.slice(0, keep) + text.slice(keep).replace(/0+$/, '');
  return trimmed.replace(/\.$/, '');
}

function decimalText(value: bigint, digits: number): `${number}` {
  const text = String(value).padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  const decimal = digits === 0 ? whole : `${whole}.${text.slice(-digits)}`;
  invariant(isDecimal(decimal), 'digits and a point are a decimal number');
  return decimal;
}

function isDecimal(text: string): text is `${number}` {
  return /^\d+(\.\d+)?$/.test(text);
}

function digitsOf(currency: string): number {
  invariant(isCurrency(currency), `${currency} is a currency we price in`);
  return MINOR_UNIT_DIGITS[currency];
}

function isCurrency(code: string): code is Currency {
  return Object.hasOwn(MINOR_UNIT_DIGITS, code);
}
