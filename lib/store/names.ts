/*
 * Storage is snake_case, the code camelCase (STYLE 10): this is the edge where every item crosses. `metadata` is the
 * caller's own and the `value` of a setting its operator's: their keys stay as they came.
 */

const OPAQUE = new Set(['metadata', 'value']);

export type ItemValue = Record<string, unknown>;

/** A domain value as the attributes of an item; absent (undefined) fields are left out. */
export function toItem(value: object): ItemValue {
  return convertObject(value, (name) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`));
}

/** An item's attributes with the names of the domain, still to be parsed by the record's schema. */
export function fromItem(item: object): ItemValue {
  return convertObject(item, (name) =>
    name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase()),
  );
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
