import { invariant, InvariantError } from '#lib/invariant';
import { advance } from '#lib/ledger/advance';
import { applyEntry } from '#lib/ledger/apply-entry';
import type { Posting } from '#lib/ledger/decision';
import { type Entry, entryId } from '#lib/ledger/entry';
import { type Head, isRecent, type WalletRef } from '#lib/ledger/wallet';
import {
  type BatchWork,
  ContentionError,
  type LedgerStore,
  type Outcome,
  type Plan,
  type Reader,
  type RecordCheck,
  type RecordRef,
  type RecordWrite,
  type TellUnreadable,
  type Unreadable,
  type Work,
} from '#lib/ports';
import { startBackoff } from '#lib/store/backoff';
import { checkpointToItem, isBetweenCheckpoints, isCheckpoint } from '#lib/store/checkpoints';
import { type Attempt, decideAndCommit, type Items, type Transaction } from '#lib/store/commit';
import {
  entryFromItem,
  entryToItem,
  headFromItem,
  headToItem,
  moveFromItem,
} from '#lib/store/items';
import {
  ENTRY_PREFIX,
  entryKey,
  HEAD_PREFIX,
  headKey,
  type Key,
  userPartition,
} from '#lib/store/keys';
import type { ItemValue } from '#lib/store/names';
import { getItem, queryAll } from '#lib/store/read';
import { headOf, readHead } from '#lib/store/read-head';
import { keyOfRecord, recordFromItem, recordKey, recordToItem } from '#lib/store/records';
import { readItems } from '#lib/store/remembered-settings';
import { type Table, TRANSACT_ITEMS_MAX } from '#lib/store/table';
import { type Put, transact } from '#lib/store/transact';

const LOOKS_MAX = 3;

/** The table as a ledger: the one engine through which every balance changes (DESIGN 4). */
export function createLedgerStore(table: Table): LedgerStore {
  return {
    loadHead: (wallet) => readHead(table, wallet),
    loadHeads: async (userId, tell) =>
      (await queryUser(table, userId, HEAD_PREFIX)).flatMap((item) =>
        readable(
          () => headFromItem(item),
          tell,
          (detail) => ({
            creditType: String(item['sk']).slice(HEAD_PREFIX.length),
            seq: 0,
            detail,
          }),
        ),
      ),
    loadEntry: async (ref) => {
      const item = await getItem(table, entryKey(ref));
      return item && entryFromItem(item);
    },
    loadEntries: async (userId, tell) =>
      (await queryUser(table, userId, ENTRY_PREFIX)).flatMap((item) =>
        readable(
          () => entryFromItem(item),
          tell,
          (detail) => {
            const { seq, wallet } = moveFromItem(item);
            return { creditType: wallet.creditType, seq, detail };
          },
        ),
      ),
    load: (refs) => loadRecords(table, refs),
    run: (work) => runWork(table, work),
    runBatch: (work) => runBatch(table, work),
    sweep: (wallet, now) => sweepWallet(table, wallet, now),
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
  const id = entryId(wallet, work.cause);
  const done = entryKey({ userId: wallet.userId, entryId: id });
  let lookedAgain = false;
  return untilItFits<Outcome<F>>(table, work.wallets, {
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
      if (!plan.ok) {
        // What was read may have changed between the entry and the rest of it, even by this very command's first try.
        // One that writes something is an answer, and not a no.
        const { refusal, writes = [] } = plan;
        if (!lookedAgain && writes.length === 0 && mayBeDone(work, heads[0], id)) {
          lookedAgain = true;
          return { missing: [done] };
        }
        return { result: { kind: 'refused', refusal }, puts: writes.map(recordPut) };
      }
      const { puts, entry } = putsOf(work, heads, plan);
      return { result: { kind: 'committed', entry }, puts, at: entry.createdAt };
    },
  });
}

/**
 * Whether a refusal may be about what the command itself has done: a batch of reads is no snapshot, so that a request
 * which is repeated while its first try commits can find the wallet after it and its entry not yet (DESIGN 3.8). The
 * head tells by its newest entries, so that a spend's refusal costs no second look; of other records nothing does.
 */
function mayBeDone<F>(work: Work<F>, head: Head, id: string): boolean {
  const isOnlyWallet = (work.reads ?? []).every(({ record }) => record === 'setting');
  return isOnlyWallet ? isRecent(head, id) : work.fingerprint !== null;
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
  const reads = work.reads ?? [];
  return untilItFits<R>(table, [wallet], {
    done: record && recordKey(record),
    guarded: [headKey(wallet)],
    // Forty spends that were never done cost no read: their puts would tell.
    unlikely: entryKeys,
    reads: reads.map(recordKey),
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
        read: readerOf(record ? [record, ...reads] : reads, items),
      });
      if (plan === 'read_entries') return { missing: entryKeys };
      const { result, posting, writes } = plan;
      const puts = [...writes.map(recordPut), ...postingPuts(head, posting)];
      return { result, puts, at: posting.entries[0]?.createdAt };
    },
  });
}

/** As `Transaction`; `at` is the instant that its wallets are advanced to. */
interface LedgerTransaction<R> extends Omit<Transaction<R>, 'decide'> {
  readonly decide: (items: Items) => Attempt<R> & { readonly at?: string | undefined };
}

/**
 * What a wallet has to write down when time has passed can be sixty entries, so that two wallets, or one with a batch,
 * may have more than a transaction takes. What is over then goes first, by a sweep.
 */
async function untilItFits<R>(
  table: Table,
  wallets: readonly WalletRef[],
  work: LedgerTransaction<R>,
): Promise<R> {
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const outcome = await decideAndCommit<{ readonly done: R } | { readonly crowdedAt: string }>(
      table,
      {
        ...work,
        decide: (items) => {
          const attempt = work.decide(items);
          if ('missing' in attempt) return attempt;
          const { at, puts, result } = attempt;
          const isCrowded = at !== undefined && puts.length > TRANSACT_ITEMS_MAX;
          return isCrowded
            ? { result: { crowdedAt: at }, puts: [] }
            : { result: { done: result }, puts };
        },
      },
    );
    if ('done' in outcome) return outcome.done;
    for (const wallet of wallets) await sweepWallet(table, wallet, outcome.crowdedAt);
  }
  throw new ContentionError('more expired between two looks than a transaction can tell');
}

function sweepWallet(table: Table, wallet: WalletRef, now: string): Promise<number> {
  const key = headKey(wallet);
  return decideAndCommit(table, {
    done: null,
    guarded: [key],
    reads: [],
    decide: (items) => {
      const head = headOf(wallet, items.get(key));
      const posting = advance(head, now);
      return { result: posting.entries.length, puts: postingPuts(head, posting) };
    },
  });
}

/** The entries of one wallet and the head that they lead to; nothing where there are none. */
function postingPuts(
  before: Head,
  { entries, head }: Pick<Posting, 'entries' | 'head'>,
): readonly Put[] {
  if (entries.length === 0) return [];
  return [headPut(before, head), ...entries.map(entryPut), ...checkpointPuts(before, entries)];
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
  const items = await readItems(table, refs.map(recordKey));
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

/** What is read, or nothing where it makes no sense and somebody wants to be told. */
function readable<T>(
  read: () => T,
  tell: TellUnreadable | undefined,
  unreadable: (detail: string) => Unreadable,
): readonly T[] {
  try {
    return [read()];
  } catch (error) {
    if (!tell || !(error instanceof InvariantError)) throw error;
    tell(unreadable(error.message));
    return [];
  }
}

function queryUser(table: Table, userId: string, prefix: string): Promise<readonly ItemValue[]> {
  return queryAll(table, {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': userPartition(userId), ':prefix': prefix },
    ConsistentRead: true,
  });
}
