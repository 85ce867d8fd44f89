import * as z from 'zod';

import { invalidRequest } from '#infra/local/stripe/errors';
import type { FormFields } from '#infra/local/stripe/form';

/*
 * Building blocks for the parameters of a route. Everything arrives as text; a refusal names the
 * parameter in the form in which it was sent, with the code that Stripe uses.
 */

const METADATA_KEYS_MAX = 50;
const METADATA_KEY_MAX = 40;
const METADATA_VALUE_MAX = 500;

/** Text that may not be empty; Stripe reads an empty value as the wish to unset something. */
export const text = (max = 5000): z.ZodType<string, string> =>
  z.string().check((context) => {
    if (context.value === '') {
      refuse(context, {
        code: 'parameter_invalid_empty',
        message:
          'You passed an empty string. We assume empty values are an attempt to unset a parameter; however this one cannot be unset.',
      });
    } else if (context.value.length > max) {
      refuse(context, {
        code: 'parameter_invalid_string',
        message: `Invalid string; must be at most ${max} characters`,
      });
    }
  });

export const email = text().check((context) => {
  if (!z.email().safeParse(context.value).success) {
    refuse(context, { code: 'email_invalid', message: `Invalid email address: ${context.value}` });
  }
});

export const url = text().check((context) => {
  // The placeholder is no legal part of a URL before Stripe has filled it in.
  const filled = context.value.replaceAll('{CHECKOUT_SESSION_ID}', 'id');
  const parsed = URL.parse(filled);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    refuse(context, { code: 'url_invalid', message: 'Not a valid URL' });
  }
});

export const integer = z
  .string()
  .check((context) => {
    if (!/^-?\d{1,15}$/.test(context.value)) {
      refuse(context, {
        code: 'parameter_invalid_integer',
        message: `Invalid integer: ${context.value}`,
      });
    }
  })
  .transform(Number);

export const positive = integer.check((context) => {
  if (context.value < 1) {
    refuse(context, {
      code: 'parameter_invalid_integer',
      message: 'This value must be greater than or equal to 1.',
    });
  }
});

export const nonNegative = integer.check((context) => {
  if (context.value < 0) {
    refuse(context, {
      code: 'parameter_invalid_integer',
      message: 'This value must be greater than or equal to 0.',
    });
  }
});

export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

export const currency = z
  .string()
  .transform((value) => value.toLowerCase())
  .check((context) => {
    if (!Intl.supportedValuesOf('currency').includes(context.value.toUpperCase())) {
      refuse(context, { message: `Invalid currency: ${context.value}` });
    }
  });

/** A list arrives as fields named 0, 1, 2... */
export function list<Item extends z.ZodType>(item: Item, max = 100) {
  return z
    .preprocess((value) => {
      if (typeof value !== 'object' || value === null) return value;
      const entries: [string, unknown][] = Object.entries(value);
      if (!entries.every(([name]) => /^\d+$/.test(name))) return value;
      return entries.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, entry]) => entry);
    }, z.array(item))
    .check((context) => {
      if (context.value.length > max) refuse(context, { message: `At most ${max} are allowed.` });
    });
}

export const metadata = z.record(z.string(), z.string()).check((context) => {
  const entries = Object.entries(context.value);
  if (entries.length > METADATA_KEYS_MAX) {
    refuse(context, { message: `Metadata can have at most ${METADATA_KEYS_MAX} keys.` });
  }
  for (const [key, value] of entries) {
    if (key.length > METADATA_KEY_MAX) {
      refuse(context, {
        message: `Metadata keys are limited to ${METADATA_KEY_MAX} characters. ${key} is ${key.length} characters long.`,
      });
    }
    if (value.length > METADATA_VALUE_MAX) {
      refuse(context, {
        message: `Metadata values are limited to ${METADATA_VALUE_MAX} characters. ${key} is ${value.length} characters long.`,
      });
    }
  }
});

const EXPAND_MAX = 20;
export const expand = list(text(), EXPAND_MAX).default([]);

/** A time, or bounds of it (`created[gte]=`). */
export const timeRange = z.union([
  integer.transform((at) => ({ gte: at, lte: at })),
  z.strictObject({
    gt: integer.optional(),
    gte: integer.optional(),
    lt: integer.optional(),
    lte: integer.optional(),
  }),
]);
export type TimeRange = z.output<typeof timeRange>;

const LIST_LIMIT = 10;
const LIST_LIMIT_MAX = 100;

/** The parameters that every list takes. */
export const listing = {
  expand,
  limit: integer
    .check((context) => {
      if (context.value < 1 || context.value > LIST_LIMIT_MAX) {
        refuse(context, {
          code: 'parameter_invalid_integer',
          message: `Invalid limit: must be between 1 and ${LIST_LIMIT_MAX}`,
        });
      }
    })
    .default(LIST_LIMIT),
  starting_after: text().optional(),
  ending_before: text().optional(),
};

/** Reads a route's parameters; throws `StripeApiError` for the first that is wrong. */
export function readParameters<Schema extends z.ZodType>(
  schema: Schema,
  fields: FormFields,
): z.output<Schema> {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues.toSorted((a, b) => rank(a) - rank(b));
  throw issue === undefined ? invalidRequest('Invalid request.') : refusal(issue, fields);
}

/** Stripe complains about unknown parameters before it looks at the values of the known ones. */
function rank(issue: z.core.$ZodIssue): number {
  return issue.code === 'unrecognized_keys' ? 0 : 1;
}

function refusal(issue: z.core.$ZodIssue, fields: FormFields): Error {
  const param = bracketed(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const unknown = issue.keys.map((key) => bracketed([...issue.path, key]));
      const [first = param] = unknown;
      return invalidRequest(
        `Received unknown parameter${unknown.length === 1 ? '' : 's'}: ${unknown.join(', ')}`,
        { code: 'parameter_unknown', param: first },
      );
    }
    case 'custom': {
      const code: unknown = issue.params?.['code'];
      return invalidRequest(issue.message, {
        param,
        ...(typeof code === 'string' ? { code } : {}),
      });
    }
    default: {
      if (valueAt(fields, issue.path) === undefined) {
        return invalidRequest(`Missing required param: ${param}.`, {
          code: 'parameter_missing',
          param,
        });
      }
      if (issue.code === 'invalid_value') {
        return invalidRequest(`Invalid ${param}: must be one of ${issue.values.join(', ')}`, {
          param,
        });
      }
      return invalidRequest(`Invalid ${param}: ${issue.message}`, { param });
    }
  }
}

function bracketed(path: readonly PropertyKey[]): string {
  const [first = '', ...rest] = path.map(String);
  return first + rest.map((part) => `[${part}]`).join('');
}

function valueAt(fields: FormFields, path: readonly PropertyKey[]): unknown {
  let value: unknown = fields;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = new Map(Object.entries(value)).get(String(part));
  }
  return value;
}

function refuse(
  context: { readonly value: unknown; readonly issues: z.core.$ZodRawIssue[] },
  why: { readonly message: string; readonly code?: string },
): void {
  context.issues.push({
    code: 'custom',
    message: why.message,
    input: context.value,
    params: { code: why.code },
    continue: false,
  });
}
