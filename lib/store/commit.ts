import { startBackoff } from '#lib/store/backoff';
import type { Key } from '#lib/store/keys';
import type { ItemValue } from '#lib/store/names';
import { isRemembered, readItems } from '#lib/store/remembered-settings';
import type { Table } from '#lib/store/table';
import { type Put, transact } from '#lib/store/transact';

/** What was read of the items that a command asked for. */
export interface Items {
  /** Null where there is no such item, or none was looked for. */
  readonly get: (key: Key) => ItemValue | null;
  readonly isRead: (key: Key) => boolean;
}

/** What a command comes to. */
export type Attempt<R> =
  /** Its answer, and the puts that make it true: none where nothing is to be written. */
  | { readonly result: R; readonly puts: readonly Put[] }
  /** These items have to be read before it can be decided. */
  | { readonly missing: readonly Key[] };

export interface Transaction<R> {
  /** The item that answers a replay by being there, or null. */
  readonly done: Key | null;
  /** Heads and entries: as far as a lost race concerns them alone, its answer brings all that is new. */
  readonly guarded: readonly Key[];
  /** Entries that most probably are not there: they are read when the decision asks for them. */
  readonly unlikely?: readonly Key[];
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
  const always = [...(work.done ? [work.done] : []), ...work.guarded, ...work.reads];
  let keys: readonly Key[] = always;
  let loaded = await load(table, keys);
  for (;;) {
    const attempt = work.decide(itemsOf(loaded));
    if ('missing' in attempt) {
      keys = [...always, ...attempt.missing];
      loaded = new Map([...loaded, ...(await load(table, attempt.missing))]);
      continue;
    }
    const { result, puts } = attempt;
    if (puts.length === 0) return result;
    const outcome = await transact(table, puts);
    if (outcome.kind === 'committed') return result;
    table.onConflict?.();
    if (outcome.kind === 'busy') {
      await backoff.wait(puts.length);
      loaded = await load(table, keys);
    } else {
      const fresh = outcome.existing.flatMap((item, index) => {
        const put = puts[index];
        return item && put ? [[nameOf(put.item), item] as const] : [];
      });
      const isDone = fresh.some(([name]) => name === done);
      if (!isDone) backoff.checkDeadline();
      // What is not read again are entries, which never change: that they are there stays known.
      loaded =
        isDone || isComplete(table, work, fresh)
          ? new Map([...withoutUnlikely(work, loaded), ...fresh])
          : new Map([...fresh, ...(await load(table, keys))]);
    }
  }
}

/** What was read of them is forgotten: whoever won the race may have written those that this command did not mean to. */
function withoutUnlikely<R>({ unlikely = [] }: Transaction<R>, loaded: Loaded): Loaded {
  if (unlikely.length === 0) return loaded;
  const names = new Set(unlikely.map(nameOf));
  return new Map([...loaded].filter(([name]) => !names.has(name)));
}

function itemsOf(loaded: Loaded): Items {
  return {
    get: (key) => loaded.get(nameOf(key)) ?? null,
    isRead: (key) => loaded.has(nameOf(key)),
  };
}

/** Whether a failure told all that changed: the condition of one item says nothing about those that were only read. */
function isComplete<R>(
  table: Table,
  work: Transaction<R>,
  fresh: readonly (readonly [string, ItemValue])[],
): boolean {
  const guarded = new Set([...work.guarded, ...(work.unlikely ?? [])].map(nameOf));
  const isTold = work.reads.every((key) => isRemembered(table, key));
  return isTold && fresh.every(([name]) => guarded.has(name));
}

type Loaded = ReadonlyMap<string, ItemValue | null>;

async function load(table: Table, keys: readonly Key[]): Promise<Loaded> {
  const items = await readItems(table, keys);
  return new Map(keys.map((key, index) => [nameOf(key), items[index] ?? null]));
}

function nameOf(key: { readonly pk?: unknown; readonly sk?: unknown }): string {
  return `${String(key.pk)}\n${String(key.sk)}`;
}
