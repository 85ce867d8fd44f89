import { invalidRequest } from '#infra/local/stripe/errors';

/** A decoded form: text, or fields by name. A list is an object whose names are 0, 1, 2... */
export type FormValue = string | FormFields;
export interface FormFields {
  readonly [name: string]: FormValue;
}

const FIELDS_MAX = 1000;
const DEPTH_MAX = 8;
/** `name`, then any number of `[part]`; an empty part appends to a list. */
const KEY = /^([^[\]]+)((?:\[[^[\]]*\])*)$/;

interface MutableFields {
  [name: string]: string | MutableFields;
}

/**
 * Decodes Stripe's nested form encoding (`line_items[0][price_data][currency]=usd`), in a body or
 * a query. Whether numbered fields are a list is for the schema to say: metadata may have a key 0.
 *
 * Throws `StripeApiError` for names that are malformed or contradict each other.
 */
export function decodeForm(encoded: string): FormFields {
  const root = emptyFields();
  let count = 0;
  for (const [key, value] of new URLSearchParams(encoded)) {
    count += 1;
    if (count > FIELDS_MAX) throw invalidRequest('Too many parameters.');
    place(root, { key, value });
  }
  return root;
}

function place(root: MutableFields, field: { readonly key: string; readonly value: string }): void {
  const match = KEY.exec(field.key);
  if (match === null) throw invalidRequest(`Invalid parameter name: ${field.key}`);
  const [, first = '', brackets = ''] = match;
  const path = [first, ...[...brackets.matchAll(/\[([^[\]]*)\]/g)].map(([, part = '']) => part)];
  if (path.length > DEPTH_MAX) throw invalidRequest(`Parameter nested too deeply: ${field.key}`);

  let fields = root;
  for (const [depth, part] of path.entries()) {
    const name = part === '' ? String(Object.keys(fields).length) : part;
    const present = fields[name];
    if (depth === path.length - 1) {
      if (typeof present === 'object') throw contradiction(field.key);
      // A name given twice: the last one counts, as in Stripe's own parser.
      fields[name] = field.value;
      return;
    }
    if (typeof present === 'string') throw contradiction(field.key);
    const next = present ?? emptyFields();
    fields[name] = next;
    fields = next;
  }
}

/** Without a prototype, so that a field called `__proto__` is a field like any other. */
function emptyFields(): MutableFields {
  const fields: MutableFields = {};
  Object.setPrototypeOf(fields, null);
  return fields;
}

function contradiction(key: string): Error {
  return invalidRequest(`Invalid parameter: ${key} is given both as a value and as a group.`);
}
