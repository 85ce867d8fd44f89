import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { WalletRef } from '#lib/ledger/wallet';
import type { DueStore } from '#lib/ports';
import { dueShards, HEAD_PREFIX } from '#lib/store/keys';
import type { Table } from '#lib/store/table';

const dueKeys = z.object({ pk: z.string(), sk: z.string() });

/** What time alone will change, found through the sparse index of due times (DESIGN 4). */
export function createDueStore(table: Table): DueStore {
  return {
    dueWallets: async ({ now, limit }) => {
      const shards = await Promise.all(
        dueShards().map((shard) => dueInShard(table, { shard, now, limit })),
      );
      return shards.flat().slice(0, limit);
    },
  };
}

async function dueInShard(
  table: Table,
  query: { readonly shard: string; readonly now: string; readonly limit: number },
): Promise<readonly WalletRef[]> {
  const { Items = [] } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      IndexName: 'gsi4',
      // The due time is followed by the wallet's name; `~` sorts after all that can follow `now`.
      KeyConditionExpression: 'gsi4pk = :shard AND gsi4sk <= :now',
      ExpressionAttributeValues: { ':shard': query.shard, ':now': `${query.now}~` },
      Limit: query.limit,
    }),
  );
  return Items.map((item) => dueKeys.parse(item)).map(({ pk, sk }) => ({
    userId: pk.slice('USER#'.length),
    creditType: sk.slice(HEAD_PREFIX.length),
  }));
}
