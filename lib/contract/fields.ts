import * as z from 'zod';

/** Metadata of an entry, in bytes of its JSON: entries are kept for ever and each spend pays for them. */
export const METADATA_BYTES_MAX = 512;

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

/**
 * A line of text for people. Control characters and direction overrides are refused, because such a line ends up
 * in receipts, exports and terminals; lone surrogates, because no UTF-8 store keeps them.
 */
export function line(lengthMax: number) {
  return z
    .string()
    .min(1, 'must not be empty')
    .max(lengthMax, `must be at most ${lengthMax} characters`)
    .refine((text) => text.trim() !== '', 'must not be blank')
    .refine((text) => text.isWellFormed() && !CONTROL.test(text), 'must be one line of plain text');
}

export const description = line(200);

/** What a movement refers to in the caller's world, such as a lead list or an order. */
export const reference = z
  .strictObject({
    type: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 letters, digits, "-", "_" or "."'),
    id: z
      .string()
      .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable characters, no spaces'),
  })
  .meta({ id: 'Reference' });

const metadataNumber = z
  .number()
  .min(Number.MIN_SAFE_INTEGER)
  .max(Number.MAX_SAFE_INTEGER)
  // The table's numbers end at 1e-130, and neither it nor JSON knows a negative zero.
  .refine((value) => Math.abs(value) >= 1e-100 || Object.is(value, 0), 'is too small to store');

const metadataText = z.string().refine((text) => text.isWellFormed(), 'must be valid text');

/** Flat key-value pairs that the caller wants back with the entry; never used by us. */
export const metadata = z
  .record(
    // A letter first: `__proto__` is no name.
    z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, 'keys are 1 to 64 letters, digits, "-", "_" or "."'),
    z.union([metadataText, metadataNumber, z.boolean()]),
  )
  .refine(
    (value) => new TextEncoder().encode(JSON.stringify(value)).length <= METADATA_BYTES_MAX,
    `must be at most ${METADATA_BYTES_MAX} bytes of JSON`,
  )
  .meta({ id: 'Metadata', description: `Flat, at most ${METADATA_BYTES_MAX} bytes of JSON.` });

export const email = z.email('must be an e-mail address').max(254);

/**
 * An instant with its offset, handed on in UTC with milliseconds, so that instants compare as strings. Beyond the
 * years 0 to 9999 that comparison would be wrong, and no credits expire there.
 */
export const instant = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 date and time with an offset' })
  .transform((text) => new Date(text).toISOString())
  .refine(isFourDigitYear, 'must lie in the years 0 to 9999');

function isFourDigitYear(instantUtc: string): boolean {
  return /^\d{4}-/.test(instantUtc);
}

const DAY_MS = 86_400_000;
const DATE_OR_INSTANT = 'must be an ISO 8601 date, or date and time with an offset';
const date = z.iso.date();

/** Start of a period, included. A date alone is its first moment in UTC. */
export const periodStart = z.union(
  [instant, date.transform((text) => `${text}T00:00:00.000Z`)],
  DATE_OR_INSTANT,
);

/** End of a period, excluded. A date alone means that whole day (UTC), so `to=2026-01-31` includes the 31st. */
export const periodEnd = z.union(
  [
    instant,
    date
      .transform((text) => new Date(Date.parse(`${text}T00:00:00Z`) + DAY_MS).toISOString())
      .refine(isFourDigitYear, DATE_OR_INSTANT),
  ],
  DATE_OR_INSTANT,
);

/** A time in an answer. */
export const timestamp = z.iso.datetime();

/** A whole number in a query string: digits only, no sign, no spaces, no leading zeros. */
export function queryInteger(bounds: { readonly min: number; readonly max: number }) {
  const { min, max } = bounds;
  return z
    .string()
    .regex(/^(0|[1-9]\d{0,15})$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`))
    .meta({ queryInteger: { min, max } });
}

/** A page address: https, or http on this machine while developing. Which hosts are allowed is a setting. */
export const pageUrl = z
  .string()
  .max(2048, 'must be at most 2048 characters')
  .refine(isPageUrl, 'must be an absolute https URL without credentials')
  .meta({ description: 'https URL whose origin is on the allow-list.' });

function isPageUrl(text: string): boolean {
  if (!/^[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isLocal = hostname === 'localhost' || hostname === '127.0.0.1';
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isLocal);
  return isSafe && username === '' && password === '';
}
