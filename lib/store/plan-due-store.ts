import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { PlanDueStore } from '#lib/ports';
import { planShards } from '#lib/store/records';
import type { Table } from '#lib/store/table';

const keys = z.object({ pk: z.string() });

/** Whose monthly credits are due, found through the sparse index of due times (DESIGN 4). */
export function createPlanDueStore(table: Table): PlanDueStore {
  return {
    dueUsers: async ({ now, limit }) => {
      const shards = await Promise.all(
        planShards().map((shard) =>
          table.client.send(
            new QueryCommand({
              TableName: table.name,
              IndexName: 'gsi4',
              // The due time is followed by the user's id; `~` sorts after all that can follow `now`.
              KeyConditionExpression: 'gsi4pk = :shard AND gsi4sk < :now',
              ExpressionAttributeValues: { ':shard': shard, ':now': `${now}~` },
              Limit: limit,
            }),
          ),
        ),
      );
      return shards
        .flatMap(({ Items = [] }) => Items.map((item) => keys.parse(item).pk))
        .map((pk) => pk.slice('USER#'.length))
        .slice(0, limit);
    },
  };
}
