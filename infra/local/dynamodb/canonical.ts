import { isObject } from '#infra/local/dynamodb/json';

const setTypes = new Set(['SS', 'NS', 'BS']);

/** The same attributes with names and set members in order: two values that DynamoDB calls equal become deeply equal. */
export function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]): [string, unknown] => [
        name,
        setTypes.has(name) && Array.isArray(member)
          ? member.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))
          : canonical(member),
      ])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
