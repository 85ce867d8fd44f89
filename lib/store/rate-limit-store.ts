import { ConditionalCheckFailedException, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { RateLimit } from '#lib/contract/rate-limits';
import {
  afterTaking,
  allowanceOf,
  hasToken,
  lastChanceMs,
  tokenMs,
} from '#lib/limits/token-bucket';
import type { RateLimitStore } from '#lib/ports';
import { type Key, rateKey } from '#lib/store/keys';
import type { Table } from '#lib/store/table';

/** An empty bucket and one that is gone are the same once it would be full; TTL deletes late, never early. */
const TTL_SLACK_S = 60;

/**
 * Buckets in the table. A caller who has not asked lately is admitted by one conditional write. Where that meets a
 * bucket in use, the failure brings its state: an empty one ends there, any other takes one more write that only adds,
 * so that callers at once can neither overwrite each other nor together take more than there is.
 */
export function createRateLimitStore(table: Table): RateLimitStore {
  return {
    async take({ principal, limit, now }) {
      const nowMs = Date.parse(now);
      const key = rateKey({ ...principal, bucket: limit.bucket });
      const firstTaken = afterTaking(limit, nowMs, nowMs);
      const began = await update(table, key, {
        UpdateExpression: 'SET full_at_ms = :taken, #ttl = :ttl',
        ConditionExpression: 'attribute_not_exists(pk) OR full_at_ms <= :now',
        ExpressionAttributeNames: { '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':taken': firstTaken,
          ':ttl': ttlOf(firstTaken),
          ':now': nowMs,
        },
      });
      if (began.done) return allowanceOf(limit, { ...began, nowMs, admitted: true });
      if (!hasToken(limit, began.fullAtMs, nowMs)) {
        return allowanceOf(limit, { ...began, nowMs, admitted: false });
      }
      const { done, fullAtMs } = await update(table, key, addingTo(limit, nowMs));
      return allowanceOf(limit, { fullAtMs, nowMs, admitted: done });
    },
  };
}

function addingTo(limit: RateLimit, nowMs: number): Change {
  return {
    UpdateExpression: 'SET full_at_ms = full_at_ms + :token, #ttl = :ttl',
    ConditionExpression: 'full_at_ms <= :last',
    ExpressionAttributeNames: { '#ttl': 'ttl' },
    ExpressionAttributeValues: {
      ':token': tokenMs(limit),
      ':last': lastChanceMs(limit, nowMs),
      // At most a whole bucket ahead, whoever writes last.
      ':ttl': ttlOf(lastChanceMs(limit, nowMs) + tokenMs(limit)),
    },
  };
}

interface Change {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Readonly<Record<string, number>>;
}

const bucketItem = z.object({ full_at_ms: z.number() });

/** Whether the change was made, and when the bucket will be full now. */
async function update(
  table: Table,
  key: Key,
  change: Change,
): Promise<{ readonly done: boolean; readonly fullAtMs: number }> {
  try {
    const { Attributes = {} } = await table.client.send(
      new UpdateItemCommand({
        ...change,
        ExpressionAttributeValues: marshall(change.ExpressionAttributeValues),
        TableName: table.name,
        Key: marshall(key),
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return { done: true, fullAtMs: bucketItem.parse(unmarshall(Attributes)).full_at_ms };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException) || !error.Item) throw error;
    return { done: false, fullAtMs: bucketItem.parse(unmarshall(error.Item)).full_at_ms };
  }
}

function ttlOf(fullAtMs: number): number {
  return Math.ceil(fullAtMs / 1_000) + TTL_SLACK_S;
}
