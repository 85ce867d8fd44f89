import {
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { invariant } from '#lib/invariant';
import { ContentionError } from '#lib/ports';
import type { ItemValue } from '#lib/store/names';
import { type Table, TRANSACT_ITEMS_MAX } from '#lib/store/table';

/** One conditional put of a transaction: it creates its item, or replaces the version it is based on. */
export interface Put {
  readonly item: ItemValue;
  /** Null: there must be no such item yet. */
  readonly version: number | null;
  /** Nothing is written: only the condition counts, and the item is its key. */
  readonly checkOnly?: true;
}

export type TransactOutcome =
  | { readonly kind: 'committed' }
  /** Conditions failed: for each put, the item that stood in its way, or null where its own condition held. */
  | { readonly kind: 'failed'; readonly existing: readonly (ItemValue | null)[] }
  /** Somebody else's transaction was at one of the items, or the table throttled: nothing was written. */
  | { readonly kind: 'busy' };

const BUSY_REASONS = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);

/**
 * Writes all puts or none, in one round trip. The SDK repeats lost answers with the token of the first attempt, but it
 * never repeats a cancelled transaction: that is for the caller to decide, who gets the items in the way with it.
 */
export async function transact(table: Table, puts: readonly Put[]): Promise<TransactOutcome> {
  invariant(puts.length <= TRANSACT_ITEMS_MAX, 'a command fits in one transaction');
  try {
    const TransactItems = puts.map((put) => toRequest(table, put));
    await table.client.send(new TransactWriteItemsCommand({ TransactItems }));
    return { kind: 'committed' };
  } catch (error) {
    if (error instanceof ContentionError) return { kind: 'busy' };
    if (!(error instanceof TransactionCanceledException)) throw error;
    const reasons = error.CancellationReasons ?? [];
    if (reasons.some((reason) => reason.Code === 'ConditionalCheckFailed')) {
      return {
        kind: 'failed',
        existing: reasons.map((reason) => (reason.Item ? unmarshall(reason.Item) : null)),
      };
    }
    if (reasons.some((reason) => BUSY_REASONS.has(reason.Code ?? ''))) return { kind: 'busy' };
    throw error;
  }
}

function toRequest(table: Table, put: Put): TransactWriteItem {
  const { item, version } = put;
  const condition = {
    TableName: table.name,
    // The old item comes with the failure: a replay or a lost race then needs no further read.
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    ...(version === null
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: '#version = :version',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: marshall({ ':version': version }),
        }),
  } as const;
  if (!put.checkOnly) return { Put: { ...condition, Item: marshall(item) } };
  return { ConditionCheck: { ...condition, Key: marshall({ pk: item['pk'], sk: item['sk'] }) } };
}
