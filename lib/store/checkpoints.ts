import type { Head, WalletRef } from '#lib/ledger/wallet';
import { headAttributes, headFromItem } from '#lib/store/items';
import { checkpointKey, checkpointPrefix, sequenceKey, userPartition } from '#lib/store/keys';
import type { ItemValue } from '#lib/store/names';
import { queryFirst } from '#lib/store/read';
import type { Table } from '#lib/store/table';

/*
 * Heads of the past: at every hundredth entry of a wallet a copy of its head stays behind, written in the same
 * transaction. With the entries after it, which are one page at most, it rebuilds any head that ever was; one entry in
 * a hundred pays for it. Checkpoints change what that costs, never what comes of it (DESIGN 3.10).
 */

const ENTRIES_PER_CHECKPOINT = 100;

export function isCheckpoint(seq: number): boolean {
  return seq % ENTRIES_PER_CHECKPOINT === 0;
}

/** Whether no entry after `before`, up to `last`, is a checkpoint. */
export function isBetweenCheckpoints(before: number, last: number): boolean {
  return Math.floor(before / ENTRIES_PER_CHECKPOINT) === Math.floor(last / ENTRIES_PER_CHECKPOINT);
}

export function checkpointToItem(head: Head): ItemValue {
  return { ...checkpointKey(head, head.seq), ...headAttributes(head) };
}

/** The last checkpoint at or before an entry, or null where none was made yet. */
export async function readCheckpoint(
  table: Table,
  wallet: WalletRef,
  seq: number,
): Promise<Head | null> {
  const prefix = checkpointPrefix(wallet);
  const item = await queryFirst(table, {
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
    ExpressionAttributeValues: {
      ':pk': userPartition(wallet.userId),
      ':first': prefix,
      ':last': prefix + sequenceKey(seq),
    },
    ScanIndexForward: false,
    ConsistentRead: true,
  });
  return item && headFromItem(item);
}
