/*
 * Storage is snake_case, the code camelCase: this is the edge where every item crosses. `metadata` is the
 * caller's own and the `value` of a setting its operator's: their keys stay as they came.
 */

const OPAQUE = new Set(['metadata', 'value']);

export type ItemValue = Record<string, unknown>;

/** A domain value as the attributes of an item; absent (undefined) fields are left out. */
export function toItem(value: object): ItemValue {
  return convertObject(value, toStored);
}

/** An item's attributes with the names of the domain, still to be parsed by the record's schema. */
export function fromItem(item: object): ItemValue {
  return convertObject(item, toDomain);
}

const toStored = remembered((name) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`));
const toDomain = remembered((name) => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase()));

/** Far above how many names our items have; what an index may hold beyond them is converted each time. */
const NAMES_MAX = 1_000;

/** A page of a history has a thousand names, and they are always the same. */
function remembered(convertName: (name: string) => string): (name: string) => string {
  const known = new Map<string, string>();
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const made = convertName(name);
    if (known.size < NAMES_MAX) known.set(name, made);
    return made;
  };
}

function convertObject(source: object, rename: (name: string) => string): ItemValue {
  const target: ItemValue = {};
  for (const [name, value] of Object.entries(source)) {
    if (value !== undefined)
      target[rename(name)] = OPAQUE.has(name) ? value : convert(value, rename);
  }
  return target;
}

function convert(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((part) => convert(part, rename));
  if (typeof value === 'object' && value !== null) return convertObject(value, rename);
  return value;
}
