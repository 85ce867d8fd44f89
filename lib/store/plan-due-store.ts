import * as z from 'zod';
import type { PlanDueStore } from '#lib/ports';
import { queryPage } from '#lib/store/read';
import { checkShards, planShards } from '#lib/store/records';
import type { Table } from '#lib/store/table';

const keys = z.object({ pk: z.string() });

/** Whose monthly credits or look at the provider are due, found through the sparse index of due times (DESIGN 4). */
export function createPlanDueStore(table: Table): PlanDueStore {
  return {
    dueUsers: (query) => dueIn(table, planShards(), query),
    dueChecks: (query) => dueIn(table, checkShards(), query),
  };
}

async function dueIn(
  table: Table,
  shards: readonly string[],
  { limit, now }: { readonly now: string; readonly limit: number },
): Promise<readonly string[]> {
  const pages = await Promise.all(
    shards.map((shard) =>
      queryPage(table, {
        IndexName: 'gsi4',
        // The due time is followed by the user's id; `~` sorts after all that can follow `now`.
        KeyConditionExpression: 'gsi4pk = :shard AND gsi4sk < :now',
        ExpressionAttributeValues: { ':shard': shard, ':now': `${now}~` },
        Limit: limit,
      }),
    ),
  );
  return pages
    .flatMap(({ items }) => items.map((item) => keys.parse(item).pk))
    .map((pk) => pk.slice('USER#'.length))
    .slice(0, limit);
}
