import { startBackoff } from '#lib/store/backoff';
import type { Key } from '#lib/store/keys';
import type { ItemValue } from '#lib/store/names';
import { getItems } from '#lib/store/read';
import type { Table } from '#lib/store/table';
import { type Put, transact } from '#lib/store/transact';

/** What was read of the items that a command asked for; null where there is none. */
export type Items = (key: Key) => ItemValue | null;

/** What a command comes to: its answer, and the puts that make it true. None where nothing is to be written. */
export interface Attempt<R> {
  readonly result: R;
  readonly puts: readonly Put[];
}

export interface Transaction<R> {
  /** The item that answers a replay by being there, or null. */
  readonly done: Key | null;
  /** Heads and entries: as far as a lost race concerns them alone, its answer brings all that is new. */
  readonly guarded: readonly Key[];
  /** Other items that the decision reads. */
  readonly reads: readonly Key[];
  /** Pure: it is called again with fresher items after a lost race. */
  readonly decide: (items: Items) => Attempt<R>;
}

/**
 * Load, decide, commit, in two round trips; a replay and a refusal need only the first (DESIGN 3.8, 4). A race lost
 * to a commit is decided again at once, because the answer brought the fresh items; one lost to a transaction in
 * flight waits for its turn and reads again, because whatever was decided before is stale by then.
 */
export async function decideAndCommit<R>(table: Table, work: Transaction<R>): Promise<R> {
  const backoff = startBackoff(table);
  const done = work.done && nameOf(work.done);
  let loaded = await load(table, work);
  for (;;) {
    const items = loaded;
    const { result, puts } = work.decide((key) => items.get(nameOf(key)) ?? null);
    if (puts.length === 0) return result;
    const outcome = await transact(table, puts);
    if (outcome.kind === 'committed') return result;
    table.onConflict?.();
    if (outcome.kind === 'busy') {
      await backoff.wait();
      loaded = await load(table, work);
    } else {
      const fresh = outcome.existing.flatMap((item, index) => {
        const put = puts[index];
        return item && put ? [[nameOf(put.item), item] as const] : [];
      });
      const isDone = fresh.some(([name]) => name === done);
      if (!isDone) backoff.checkDeadline();
      loaded =
        isDone || isComplete(work, fresh)
          ? new Map([...loaded, ...fresh])
          : await load(table, work);
    }
  }
}

/** Whether a failure told all that changed: the condition of one item says nothing about those that were only read. */
function isComplete<R>(
  work: Transaction<R>,
  fresh: readonly (readonly [string, ItemValue])[],
): boolean {
  const guarded = new Set(work.guarded.map(nameOf));
  return work.reads.length === 0 && fresh.every(([name]) => guarded.has(name));
}

async function load<R>(
  table: Table,
  work: Transaction<R>,
): Promise<ReadonlyMap<string, ItemValue | null>> {
  const keys = [...(work.done ? [work.done] : []), ...work.guarded, ...work.reads];
  const items = await getItems(table, keys);
  return new Map(keys.map((key, index) => [nameOf(key), items[index] ?? null]));
}

function nameOf(key: { readonly pk?: unknown; readonly sk?: unknown }): string {
  return `${String(key.pk)}\n${String(key.sk)}`;
}
