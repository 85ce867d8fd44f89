import * as z from 'zod';

/** Credits that one command may move (DESIGN 3.1). */
export const CREDITS_MAX = 1_000_000_000;

/** The largest price: far below 2^53, so that sums of money stay exact. */
export const MONEY_MAX = 1_000_000_000_000;

/** A whole number between bounds; JSON can say `-0`, which is none. */
export function wholeNumber(bounds: { readonly min: number; readonly max: number }) {
  const { min, max } = bounds;
  return z
    .int('must be a whole number')
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`)
    .refine((value) => !Object.is(value, -0), 'must be a whole number');
}

/** An amount to move: a JSON number, whole, at least 1. Text such as "5" is refused, so nothing is ever guessed. */
export const credits = wholeNumber({ min: 1, max: CREDITS_MAX });

/** A balance or a total: whole, may be 0. */
export const creditCount = z.int().min(0);

/** A change of a balance: whole, with a sign. */
export const creditChange = z.int();

/** Money in the currency's minor unit (cents, paise; yen as they are). */
export const minorUnits = wholeNumber({ min: 0, max: MONEY_MAX });

/**
 * The currencies we price in, with the number of digits of their minor unit (ISO 4217). Providers count zero-decimal
 * currencies in whole units, so 500 JPY is 500, not 50000.
 */
export const MINOR_UNIT_DIGITS = {
  AED: 2,
  ARS: 2,
  AUD: 2,
  BDT: 2,
  BHD: 3,
  BRL: 2,
  CAD: 2,
  CHF: 2,
  CLP: 0,
  CNY: 2,
  COP: 2,
  CZK: 2,
  DKK: 2,
  EGP: 2,
  EUR: 2,
  GBP: 2,
  HKD: 2,
  HUF: 2,
  IDR: 2,
  ILS: 2,
  INR: 2,
  JOD: 3,
  JPY: 0,
  KES: 2,
  KRW: 0,
  KWD: 3,
  LKR: 2,
  MXN: 2,
  MYR: 2,
  NGN: 2,
  NOK: 2,
  NPR: 2,
  NZD: 2,
  OMR: 3,
  PEN: 2,
  PHP: 2,
  PKR: 2,
  PLN: 2,
  RON: 2,
  SAR: 2,
  SEK: 2,
  SGD: 2,
  THB: 2,
  TND: 3,
  TRY: 2,
  TWD: 2,
  UAH: 2,
  USD: 2,
  VND: 0,
  ZAR: 2,
} as const;
export type Currency = keyof typeof MINOR_UNIT_DIGITS;

/**
 * What every amount that is charged or paid back is a multiple of, in minor units: providers take three decimals with
 * the last digit 0 (docs.stripe.com/currencies#three-decimal; razorpay.com/docs/api/orders).
 */
export function chargeStep(code: string): number {
  return isCurrency(code) && MINOR_UNIT_DIGITS[code] === 3 ? 10 : 1;
}

function isCurrency(code: string): code is Currency {
  return Object.hasOwn(MINOR_UNIT_DIGITS, code);
}

export const currency = z
  .literal(Object.keys(MINOR_UNIT_DIGITS).filter(isCurrency))
  .meta({ id: 'Currency', description: 'ISO 4217 code, in capitals.' });
