import { invariant } from '#lib/invariant';
import type { WalletRef } from '#lib/ledger/wallet';
import type { WalletReader } from '#lib/ports';
import { accountKey, HEAD_PREFIX, headKey, type Key, userPartition } from '#lib/store/keys';
import type { ItemValue } from '#lib/store/names';
import { getItems, queryPage } from '#lib/store/read';
import { headOf } from '#lib/store/read-head';
import { BATCH_GET_KEYS_MAX, type Table } from '#lib/store/table';

/** Requests at once: a file of 10,000 wallets is read in a few seconds. */
const AT_ONCE = 4;
const QUERIES_AT_ONCE = 16;

/** Heads of many wallets, a hundred in a round trip (DESIGN 4). */
export function createWalletReader(table: Table): WalletReader {
  return {
    heads: async (wallets) => {
      const items = await itemsOf(table, wallets.map(headKey));
      return wallets.map((wallet, index) => headOf(refOf(wallet), items[index] ?? null));
    },
    unknownUsers: async (userIds) => {
      const accounts = await itemsOf(table, userIds.map(accountKey));
      const unregistered = userIds.filter((_, index) => !accounts[index]);
      const known = await inParts(unregistered, 1, QUERIES_AT_ONCE, async ([userId]) => {
        invariant(userId !== undefined, 'a part of one has one');
        return [await hasWallet(table, userId)];
      });
      return unregistered.filter((_, index) => !known[index]);
    },
  };
}

function refOf({ userId, creditType }: WalletRef): WalletRef {
  return { userId, creditType };
}

function itemsOf(table: Table, keys: readonly Key[]): Promise<readonly (ItemValue | null)[]> {
  return inParts(keys, BATCH_GET_KEYS_MAX, AT_ONCE, (part) => getItems(table, part));
}

async function hasWallet(table: Table, userId: string): Promise<boolean> {
  const { items } = await queryPage(table, {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': userPartition(userId), ':prefix': HEAD_PREFIX },
    ConsistentRead: true,
    Limit: 1,
  });
  return items.length > 0;
}

/** Runs over a list in parts, some of them at a time; the results in the order of the list. */
async function inParts<T, R>(
  list: readonly T[],
  size: number,
  atOnce: number,
  run: (part: readonly T[]) => Promise<readonly R[]>,
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let start = 0; start < list.length; start += size * atOnce) {
    const parts = Array.from({ length: atOnce }, (_, index) =>
      list.slice(start + index * size, start + (index + 1) * size),
    );
    const done = await Promise.all(parts.filter((part) => part.length > 0).map(run));
    results.push(...done.flat());
  }
  return results;
}
