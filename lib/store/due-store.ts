import * as z from 'zod';
import type { WalletRef } from '#lib/ledger/wallet';
import type { DueStore } from '#lib/ports';
import { dueShards, HEAD_PREFIX } from '#lib/store/keys';
import { queryPage } from '#lib/store/read';
import type { Table } from '#lib/store/table';

const dueKeys = z.object({ pk: z.string(), sk: z.string(), gsi4sk: z.string() });
type DueItem = z.infer<typeof dueKeys>;

/** What time alone will change, found through the sparse index of due times (DESIGN 4). */
export function createDueStore(table: Table): DueStore {
  return {
    dueWallets: async ({ now, limit }) => {
      const shards = await Promise.all(
        dueShards().map((shard) => dueInShard(table, { shard, now, limit, after: null })),
      );
      return shards.flat().slice(0, limit).map(walletOf);
    },
    dueBy: async ({ by, limit, after }) => {
      const { shard, key } = after === null ? { shard: 0, key: null } : positionOf(after);
      const found = await dueInShard(table, {
        shard: dueShards()[shard] ?? '',
        now: by,
        limit,
        after: key,
      });
      const last = found.at(-1);
      if (last && found.length === limit) {
        return { wallets: found.map(walletOf), next: `${shard}:${last.gsi4sk}` };
      }
      const next = shard + 1 < dueShards().length ? `${shard + 1}:` : null;
      return { wallets: found.map(walletOf), next };
    },
  };
}

/** What is due by `now` in one shard, soonest first, behind the key that a page before ended with. */
async function dueInShard(
  table: Table,
  query: {
    readonly shard: string;
    readonly now: string;
    readonly limit: number;
    readonly after: string | null;
  },
): Promise<readonly DueItem[]> {
  const { shard, now, limit, after } = query;
  const { items } = await queryPage(table, {
    IndexName: 'gsi4',
    // The due time is followed by the wallet's name; `~` sorts after all that can follow `now`.
    KeyConditionExpression: 'gsi4pk = :shard AND gsi4sk BETWEEN :after AND :now',
    ExpressionAttributeValues: {
      ':shard': shard,
      ':after': `${after ?? ''}!`,
      ':now': `${now}~`,
    },
    Limit: limit,
  });
  return items.map((item) => dueKeys.parse(item));
}

function positionOf(after: string): { readonly shard: number; readonly key: string | null } {
  const [shard = '', ...key] = after.split(':');
  return { shard: Number(shard), key: key.join(':') || null };
}

function walletOf({ pk, sk }: DueItem): WalletRef {
  return { userId: pk.slice('USER#'.length), creditType: sk.slice(HEAD_PREFIX.length) };
}
