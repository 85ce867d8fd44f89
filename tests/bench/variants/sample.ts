import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** What the bench hands the variants' processes, as a function would get its settings. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

/** A place of its own for the n-th entry of a variant, in the table and in the index: no other's history may grow by it. */
export function keyOf(user: string, id: string) {
  return {
    pk: { S: `USER#${user}` },
    sk: { S: `ENTRY#${id}` },
    gsi1pk: { S: `USER#${user}#general` },
  };
}

/** The wallet that the hand-signed handler spends from. */
export const SIGNED_WALLET = 'USER#signed';

/** How many puts one fulfilled purchase is made of: entry, head, purchase, and what names the payment. */
export const FULFILLMENT_PUTS = 4;

/** What stands at a path inside of parsed JSON; undefined where the path ends early. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined,
    value,
  );
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const text = at(value, ...path);
  if (typeof text !== 'string') throw new Error(`there is no ${path.join('.')}`);
  return text;
}

/** The head and the entry that the service wrote, which every variant sends again, so that bytes are equal. */
export function sampleOf(name: 'BENCH_HEAD' | 'BENCH_ENTRY'): Record<string, AttributeValue> {
  const item: unknown = JSON.parse(setting(name));
  if (isItem(item)) return item;
  throw new TypeError(`${name} is an item`);
}

function isItem(value: unknown): value is Record<string, AttributeValue> {
  return typeof value === 'object' && value !== null && 'pk' in value && 'sk' in value;
}
