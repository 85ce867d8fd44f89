import { invariant } from '#lib/invariant';
import { applyEntry } from '#lib/ledger/apply-entry';
import { type Entry, entryId } from '#lib/ledger/entry';
import type { Head } from '#lib/ledger/wallet';
import type {
  BatchWork,
  LedgerStore,
  Outcome,
  Plan,
  Reader,
  RecordCheck,
  RecordRef,
  RecordWrite,
  Work,
} from '#lib/ports';
import { startBackoff } from '#lib/store/backoff';
import { checkpointToItem, isBetweenCheckpoints, isCheckpoint } from '#lib/store/checkpoints';
import { decideAndCommit, type Items } from '#lib/store/commit';
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
    load: (refs) => loadRecords(table, refs),
    run: (work) => runWork(table, work),
    runBatch: (work) => runBatch(table, work),
    write: (writes) => writeRecords(table, writes),
  };
}

/** The first answer, or the refusal of a key that was used for something else. */
function replayOf<F>(entry: Entry, work: Pick<Work<F>, 'fingerprint'>): Outcome<F> {
  if (work.fingerprint !== entry.fingerprint) return { kind: 'reused', entry };
  return { kind: 'replayed', entry };
}

function runWork<F>(table: Table, work: Work<F>): Promise<Outcome<F>> {
  const [wallet, ...others] = work.wallets;
  const refs = work.reads ?? [];
  const done = entryKey({ userId: wallet.userId, entryId: entryId(wallet, work.cause) });
  return decideAndCommit<Outcome<F>>(table, {
    done,
    guarded: work.wallets.map(headKey),
    reads: refs.map(recordKey),
    decide: (items) => {
      const existing = items.get(done);
      if (existing) return { result: replayOf(entryFromItem(existing), work), puts: [] };
      const heads: readonly [Head, ...Head[]] = [
        headOf(wallet, items.get(headKey(wallet))),
        ...others.map((other) => headOf(other, items.get(headKey(other)))),
      ];
      const plan = work.decide({ heads, read: readerOf(refs, items) });
      if (!plan.ok) return { result: { kind: 'refused', refusal: plan.refusal }, puts: [] };
      const { puts, entry } = putsOf(work, heads, plan);
      return { result: { kind: 'committed', entry }, puts };
    },
  });
}

/** The transaction of a plan: the idempotency record first, then the heads, then all else. */
function putsOf<F>(
  work: Work<F>,
  heads: readonly Head[],
  plan: Extract<Plan<F>, { ok: true }>,
): { readonly puts: readonly Put[]; readonly entry: Entry } {
  const [principal] = plan.decisions;
  invariant(principal, 'a plan decides about every wallet of its work');
  invariant(plan.decisions.length === heads.length, 'a plan has one decision per wallet');
  invariant(principal.entry.cause === work.cause, 'the entry of a command has its cause');
  const headPuts = plan.decisions.map((decision, index) => {
    const before = heads[index];
    invariant(before && before.userId === decision.head.userId, 'decisions come in wallet order');
    return headPut(before, decision.head);
  });
  const entries = plan.decisions
    .flatMap((decision) => decision.entries)
    .filter((entry) => entry !== principal.entry);
  const puts = [
    entryPut(principal.entry),
    ...headPuts,
    ...entries.map(entryPut),
    ...plan.decisions.flatMap((decision, index) => checkpointPuts(heads[index], decision.entries)),
    ...(plan.writes ?? []).map(recordPut),
    ...(plan.checks ?? []).map(checkOf),
  ];
  return { puts, entry: principal.entry };
}

/** Several entries of one wallet in one transaction, each with its own cause; those that stand already are told. */
function runBatch<R>(table: Table, work: BatchWork<R>): Promise<R> {
  const { wallet, record } = work;
  const keyOf = (cause: string): Key =>
    entryKey({ userId: wallet.userId, entryId: entryId(wallet, cause) });
  const entryKeys = work.causes.map(keyOf);
  return decideAndCommit<R>(table, {
    done: record && recordKey(record),
    guarded: [headKey(wallet)],
    // Forty spends that were never done cost no read: their puts would tell.
    unlikely: entryKeys,
    reads: [],
    decide: (items) => {
      const head = headOf(wallet, items.get(headKey(wallet)));
      const plan = work.decide({
        head,
        entriesRead: entryKeys.every(items.isRead),
        entryOf: (cause) => {
          invariant(work.causes.includes(cause), 'a batch asks only for entries of its causes');
          const item = items.get(keyOf(cause));
          return item && entryFromItem(item);
        },
        read: readerOf(record ? [record] : [], items),
      });
      if (plan === 'read_entries') return { missing: entryKeys };
      const { result, posting, writes } = plan;
      const { entries } = posting;
      const puts = [
        ...writes.map(recordPut),
        ...(entries.length === 0 ? [] : [headPut(head, posting.head)]),
        ...entries.map(entryPut),
        ...checkpointPuts(head, entries),
      ];
      return { result, puts };
    },
  });
}

function headPut(before: Head, after: Head): Put {
  return { item: headToItem(after), version: before.seq === 0 ? null : before.seq };
}

function entryPut(entry: Entry): Put {
  return { item: entryToItem(entry), version: null };
}

/** What a wallet was at every hundredth entry, so that no look into the past replays more than that. */
function checkpointPuts(before: Head | undefined, entries: readonly Entry[]): readonly Put[] {
  const newest = entries.at(-1);
  if (!before || !newest || isBetweenCheckpoints(before.seq, newest.seq)) return [];
  const puts: Put[] = [];
  entries.reduce((head, entry) => {
    const next = applyEntry(head, entry);
    if (isCheckpoint(next.seq)) puts.push({ item: checkpointToItem(next), version: null });
    return next;
  }, before);
  return puts;
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

function checkOf(check: RecordCheck): Put {
  return { item: { ...recordKey(check) }, version: check.version, checkOnly: true };
}

function recordPut(write: RecordWrite): Put {
  return { item: recordToItem(write), version: write.version };
}

async function loadRecords(table: Table, refs: readonly RecordRef[]): Promise<Reader> {
  const items = await getItems(table, refs.map(recordKey));
  const found = new Map(refs.map((ref, index) => [nameOf(recordKey(ref)), items[index] ?? null]));
  return readerOf(refs, { get: (key) => found.get(nameOf(key)) ?? null });
}

function readerOf(refs: readonly RecordRef[], items: Pick<Items, 'get'>): Reader {
  const asked = new Set(refs.map((ref) => nameOf(recordKey(ref))));
  return (record, id) => {
    const key = keyOfRecord(record, id);
    invariant(asked.has(nameOf(key)), 'a decision reads only what its work has asked for');
    const item = items.get(key);
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
