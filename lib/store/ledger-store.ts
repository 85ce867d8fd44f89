import { invariant } from '#lib/invariant';
import { type Entry, entryId } from '#lib/ledger/entry';
import type { Head } from '#lib/ledger/wallet';
import type { LedgerStore, Outcome, Plan, Reader, RecordRef, RecordWrite, Work } from '#lib/ports';
import { startBackoff } from '#lib/store/backoff';
import { entryFromItem, entryToItem, headFromItem, headToItem } from '#lib/store/items';
import {
  ENTRY_PREFIX,
  entryKey,
  HEAD_PREFIX,
  headKey,
  type Key,
  userPartition,
} from '#lib/store/keys';
import type { ItemValue } from '#lib/store/names';
import { getItem, getItems, queryAll } from '#lib/store/read';
import { headOf, readHead } from '#lib/store/read-head';
import { keyOfRecord, recordFromItem, recordKey, recordToItem } from '#lib/store/records';
import type { Table } from '#lib/store/table';
import { type Put, transact } from '#lib/store/transact';

/** The table as a ledger: the one engine through which every balance changes (DESIGN 4). */
export function createLedgerStore(table: Table): LedgerStore {
  return {
    loadHead: (wallet) => readHead(table, wallet),
    loadHeads: async (userId) =>
      (await queryUser(table, userId, HEAD_PREFIX)).map((item) => headFromItem(item)),
    loadEntry: async (ref) => {
      const item = await getItem(table, entryKey(ref));
      return item && entryFromItem(item);
    },
    loadEntries: async (userId) =>
      (await queryUser(table, userId, ENTRY_PREFIX)).map((item) => entryFromItem(item)),
    load: async (refs) => readerOf(refs, await getItems(table, refs.map(recordKey))),
    run: (work) => runWork(table, work),
    write: (writes) => writeRecords(table, writes),
  };
}

interface State {
  readonly heads: readonly [Head, ...Head[]];
  readonly read: Reader;
}

/**
 * Load, decide, commit, in two round trips; a replay and a refusal need only the first (DESIGN 3.8, 4). A race lost
 * to a commit is decided again at once, because the answer brought the fresh head; one lost to a transaction in
 * flight waits for its turn and reads again, because whatever was decided before is stale by then.
 */
async function runWork<F>(table: Table, work: Work<F>): Promise<Outcome<F>> {
  const backoff = startBackoff(table);
  let loaded = await loadState(table, work);
  for (;;) {
    if ('entry' in loaded) return replayOf(loaded.entry, work);
    const plan = work.decide(loaded.state);
    if (!plan.ok) return { kind: 'refused', refusal: plan.refusal };
    const { puts, entry } = putsOf(work, loaded.state, plan);
    const outcome = await transact(table, puts);
    if (outcome.kind === 'committed') return { kind: 'committed', entry };
    table.onConflict?.();
    if (outcome.kind === 'busy') {
      await backoff.wait();
      loaded = await loadState(table, work);
    } else {
      const done = outcome.existing[0];
      if (done) return replayOf(entryFromItem(done), work);
      backoff.checkDeadline();
      loaded = await reloadState(table, work, loaded.state, outcome.existing);
    }
  }
}

/** The first answer, or the refusal of a key that was used for something else. */
function replayOf<F>(entry: Entry, work: Pick<Work<F>, 'fingerprint'>): Outcome<F> {
  if (work.fingerprint !== entry.fingerprint) return { kind: 'reused', entry };
  return { kind: 'replayed', entry };
}

async function loadState<F>(
  table: Table,
  work: Work<F>,
): Promise<{ readonly entry: Entry } | { readonly state: State }> {
  const [wallet, ...others] = work.wallets;
  const refs = work.reads ?? [];
  const [entryItem, firstHead, ...rest] = await getItems(table, [
    entryKey({ userId: wallet.userId, entryId: entryId(wallet, work.cause) }),
    headKey(wallet),
    ...others.map(headKey),
    ...refs.map(recordKey),
  ]);
  if (entryItem) return { entry: entryFromItem(entryItem) };
  const heads = others.map((other, index) => headOf(other, rest[index] ?? null));
  return {
    state: {
      heads: [headOf(wallet, firstHead ?? null), ...heads],
      read: readerOf(refs, rest.slice(others.length)),
    },
  };
}

/**
 * The state after a lost race. Heads that stood in the way came with the failure; where a record stood in the way,
 * everything is read again, because its condition says nothing about the others.
 */
async function reloadState<F>(
  table: Table,
  work: Work<F>,
  state: State,
  existing: readonly (ItemValue | null)[],
): Promise<{ readonly entry: Entry } | { readonly state: State }> {
  const count = work.wallets.length;
  const headItems = existing.slice(1, 1 + count);
  const fresh = state.heads.map((head, index) => {
    const item = headItems[index];
    return item ? headFromItem(item) : head;
  });
  const [first, ...others] = fresh;
  const onlyHeads =
    headItems.some((item) => item) && existing.slice(1 + count).every((item) => !item);
  if (!first || !onlyHeads || work.reads) return loadState(table, work);
  return { state: { heads: [first, ...others], read: state.read } };
}

/** The transaction of a plan: the idempotency record first, then the heads, then all else. */
function putsOf<F>(
  work: Work<F>,
  state: State,
  plan: Extract<Plan<F>, { ok: true }>,
): { readonly puts: readonly Put[]; readonly entry: Entry } {
  const [principal] = plan.decisions;
  invariant(principal, 'a plan decides about every wallet of its work');
  invariant(plan.decisions.length === state.heads.length, 'a plan has one decision per wallet');
  invariant(principal.entry.cause === work.cause, 'the entry of a command has its cause');
  const heads = plan.decisions.map((decision, index) => {
    const before = state.heads[index];
    invariant(before && before.userId === decision.head.userId, 'decisions come in wallet order');
    return { item: headToItem(decision.head), version: before.seq === 0 ? null : before.seq };
  });
  const entries = plan.decisions
    .flatMap((decision) => decision.entries)
    .filter((entry) => entry !== principal.entry);
  const puts = [
    { item: entryToItem(principal.entry), version: null },
    ...heads,
    ...entries.map((entry) => ({ item: entryToItem(entry), version: null })),
    ...(plan.writes ?? []).map(recordPut),
  ];
  return { puts, entry: principal.entry };
}

async function writeRecords(table: Table, writes: readonly RecordWrite[]): Promise<boolean> {
  const backoff = startBackoff(table);
  const puts = writes.map(recordPut);
  for (;;) {
    const outcome = await transact(table, puts);
    if (outcome.kind !== 'busy') return outcome.kind === 'committed';
    table.onConflict?.();
    await backoff.wait();
  }
}

function recordPut(write: RecordWrite): Put {
  return { item: recordToItem(write), version: write.version };
}

function readerOf(refs: readonly RecordRef[], items: readonly (ItemValue | null)[]): Reader {
  const found = new Map(refs.map((ref, index) => [nameOf(recordKey(ref)), items[index] ?? null]));
  return (record, id) => {
    const name = nameOf(keyOfRecord(record, id));
    invariant(found.has(name), 'a decision reads only what its work has asked for');
    const item = found.get(name);
    return item ? recordFromItem(record, item) : null;
  };
}

function nameOf(key: Key): string {
  return `${key.pk}\n${key.sk}`;
}

function queryUser(table: Table, userId: string, prefix: string): Promise<readonly ItemValue[]> {
  return queryAll(table, {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': userPartition(userId), ':prefix': prefix },
    ConsistentRead: true,
  });
}
