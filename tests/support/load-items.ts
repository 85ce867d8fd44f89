import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { ItemValue } from '#lib/store/names';
import type { TestLedger } from '#tests/support/ledger';

const BATCH_ITEMS = 25;
const BATCHES_AT_ONCE = 4;

/** Puts items into a table as they are: whole histories in seconds, where commands would take minutes. */
export async function loadItems(store: TestLedger, items: readonly ItemValue[]): Promise<void> {
  const batches = Array.from({ length: Math.ceil(items.length / BATCH_ITEMS) }, (_, n) =>
    items.slice(n * BATCH_ITEMS, (n + 1) * BATCH_ITEMS),
  );
  const queue = batches.values();
  await Promise.all(
    Array.from({ length: BATCHES_AT_ONCE }, async () => {
      for (const batch of queue) {
        const puts = batch.map((Item) => ({ PutRequest: { Item } }));
        const RequestItems = { [store.table.name]: puts };
        await store.documents.send(new BatchWriteCommand({ RequestItems }));
      }
    }),
  );
}
