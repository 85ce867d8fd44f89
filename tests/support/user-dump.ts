import * as z from 'zod';
import type { TestStack } from '#tests/support/stack';

const dumped = z.object({ items: z.array(z.record(z.string(), z.unknown())) });

/**
 * Everything that the table holds of one user, their purchases, payments and mails, without what differs from user to user and
 * from day to day: their name, the ids and the shards of indexes that follow from it, hashes and times. Two users to whom
 * the same has happened have equal dumps.
 */
export async function userDump(client: Pick<TestStack, 'send'>, user: string): Promise<string> {
  const { body } = await client.send('GET', '/local/dump');
  const items = dumped.parse(body).items.map((item) => JSON.stringify(item));
  const isNamed = (names: readonly string[]) => (item: string) =>
    names.some((name) => item.includes(name));
  const own = items.filter(isNamed([`"${user}"`, `USER#${user}"`]));
  // Payment references name their purchase and nobody else.
  const purchases = new Set(own.flatMap((item) => item.match(/pur_\w+/g) ?? []));
  const references = items.filter((item) => /"pk":{"S":"PAYMENT#/.test(item));
  const all = new Set([...own, ...references.filter(isNamed([...purchases]))]);
  return [...all]
    .map((item) => inOneOrder(anonymous(item, user)))
    .toSorted()
    .join('\n');
}

function anonymous(item: string, user: string): string {
  return item
    .replaceAll(user, 'USER')
    .replaceAll(/\d{4}-\d\d-\d\d(T[\d:.]+Z)?/g, 'TIME')
    .replaceAll(/"(DAY#TIME|DUE|PLANS|CHECKS)#\d"/g, '"$1#SHARD"')
    .replaceAll(/("(?:\w*hash|message_id|recent)":{"S":)"[^"]+"/g, '$1"OWN"')
    .replaceAll(/\b([a-z]{2,4})_(test_)?\w{10,}/g, '$1_ID');
}

const headSchema = z.looseObject({ grants: z.object({ L: z.array(z.unknown()) }) });

/** A wallet's grants stand in the order of their ids, which differ. */
function inOneOrder(item: string): string {
  const head = headSchema.safeParse(JSON.parse(item));
  if (!head.success) return item;
  const grants = head.data.grants.L.map((grant) => JSON.stringify(grant)).toSorted();
  return JSON.stringify({ ...head.data, grants });
}
