import * as z from 'zod';

import { badRequest, notSimulated, type RazorpayApiError } from '#infra/local/razorpay/errors';

const NOTES_MAX = 15;
const NOTE_MAX_LENGTH = 256;
const COUNT_MAX = 100;
const COUNT_DEFAULT = 10;

/** An amount in the currency's smallest unit. */
export const amount = z.int({ error: 'The amount must be an integer.' }).min(1);

export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, { error: 'The currency is not a valid ISO code.' });

/** Up to 15 texts by name; Razorpay itself writes an empty object as an empty list. */
export const notes = z
  .union([
    z.record(z.string(), z.union([z.string().max(NOTE_MAX_LENGTH), z.number()])),
    z.array(z.never()).transform((): Record<string, string | number> => ({})),
  ])
  .refine((value) => Object.keys(value).length <= NOTES_MAX, {
    error: `Number of fields in notes should be less than or equal to ${NOTES_MAX}`,
  });

const whole = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

/** The query of a list: a period in Unix seconds, both ends in it, and a page. */
export const listing = {
  from: whole.optional(),
  to: whole.optional(),
  count: whole.pipe(z.int().min(1).max(COUNT_MAX)).default(COUNT_DEFAULT),
  skip: whole.default(0),
};
export type Listing = z.output<z.ZodObject<typeof listing>>;

/** One page of a list, newest first; `records` come oldest first, as they are stored. */
export function renderList<Item extends { readonly created: number }>(
  records: readonly Item[],
  options: { readonly page: Listing; readonly render: (item: Item) => object },
): object {
  const { from = 0, to = Infinity, count, skip } = options.page;
  const items = records
    .toReversed()
    .filter((item) => item.created >= from && item.created <= to)
    .slice(skip, skip + count)
    .map(options.render);
  return { entity: 'collection', count: items.length, items };
}

/** Reads a JSON body; throws `RazorpayApiError` for anything but an object. */
export function readJson(body: string): unknown {
  if (body === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    throw badRequest('The request body is not valid JSON.');
  }
}

/** Reads a query: `expand[]`, `expand[0]` and the SDK's `expand[expand]` are the list `expand`. */
export function readQuery(query: string): unknown {
  const fields = new Map<string, string | string[]>();
  for (const [key, value] of new URLSearchParams(query)) {
    const name = /^expand\[\w*\]$/.test(key) ? 'expand' : key;
    if (name !== 'expand') {
      fields.set(name, value);
      continue;
    }
    const present = fields.get(name);
    fields.set(name, Array.isArray(present) ? [...present, value] : [value]);
  }
  return Object.fromEntries(fields);
}

/**
 * Checks fields against a schema; throws `RazorpayApiError` in Razorpay's words. `notSimulated`
 * names what Razorpay takes and this stand-in does not.
 */
export function readParameters<T>(
  schema: z.ZodType<T>,
  fields: unknown,
  options: { readonly notSimulated?: readonly string[] } = {},
): T {
  const result = schema.safeParse(fields);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue === undefined) throw badRequest('The request is invalid.');
  if (issue.code === 'unrecognized_keys') throw extraFields(issue.keys, options.notSimulated ?? []);
  const field = issue.path.map(String).join('.');
  const isAbsent = isRecord(fields) && issue.path.length === 1 && !(field in fields);
  throw badRequest(isAbsent ? `${field}: is required.` : issue.message, { field });
}

function extraFields(keys: readonly string[], known: readonly string[]): RazorpayApiError {
  const absent = keys.find((key) => known.includes(key));
  if (absent !== undefined) return notSimulated(`the parameter ${absent}`, absent);
  return badRequest(`${keys.join(', ')} is/are not required and should not be sent`, {
    reason: 'extra_field_sent',
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
