import { type Entry, entryId } from '#lib/ledger/entry';
import { emptyHead, type Head, type WalletRef } from '#lib/ledger/wallet';
import type { LedgerStore, Plan, Reader, RecordCheck, RecordRef, RecordWrite } from '#lib/ports';
import { entryToItem, headToItem } from '#lib/store/items';
import type { ItemValue } from '#lib/store/names';
import { keyOfRecord, recordFromItem, recordKey, recordToItem } from '#lib/store/records';

export type MemoryLedger = Pick<
  LedgerStore,
  'load' | 'loadEntry' | 'loadHead' | 'loadEntries' | 'run' | 'write'
>;

/**
 * A ledger for thousands of runs: the same records, versions and replays as the table's, nothing of its engine. It
 * knows no races, because nothing in it ever waits; those are shown on the real engine.
 */
export function createMemoryLedger(): MemoryLedger & {
  /** All that it holds, as it would stand in the table. */
  readonly items: () => readonly ItemValue[];
} {
  const items = new Map<string, ItemValue>();
  const heads = new Map<string, Head>();
  const entries = new Map<string, Entry>();

  const load = (refs: readonly RecordRef[]): Reader => {
    const asked = new Set(refs.map((ref) => nameOf(recordKey(ref))));
    return (record, id) => {
      const name = nameOf(keyOfRecord(record, id));
      if (!asked.has(name)) throw new Error(`${name} was not asked for`);
      const item = items.get(name);
      return item ? recordFromItem(record, item) : null;
    };
  };
  const isFree = (write: RecordWrite | RecordCheck): boolean => {
    const item = items.get(nameOf(recordKey(write)));
    const version = item ? recordFromItem(write.record, item).version : null;
    return version === write.version;
  };
  const put = (write: RecordWrite) => items.set(nameOf(recordKey(write)), recordToItem(write));
  const headOf = (wallet: WalletRef) => heads.get(walletName(wallet)) ?? emptyHead(wallet);
  const commit = (plan: Extract<Plan<unknown>, { ok: true }>) => {
    const writes = plan.writes ?? [];
    if (!writes.every(isFree)) throw new Error('a decision wrote over a version it had not seen');
    const checks = plan.checks ?? [];
    if (!checks.every(isFree)) throw new Error('a decision relied on a version it had not seen');
    for (const { head, entries: made } of plan.decisions) {
      heads.set(walletName(head), head);
      for (const entry of made) {
        const name = `${entry.userId} ${entry.id}`;
        if (entries.has(name)) throw new Error(`entry ${entry.cause} was made twice`);
        entries.set(name, entry);
      }
    }
    writes.forEach(put);
  };

  return {
    items: () => [
      ...items.values(),
      ...[...heads.values()].map(headToItem),
      ...[...entries.values()].map(entryToItem),
    ],
    load: async (refs) => load(refs),
    loadEntry: async (ref) => entries.get(`${ref.userId} ${ref.entryId}`) ?? null,
    loadHead: async (wallet) => headOf(wallet),
    loadEntries: async (userId) => [...entries.values()].filter((entry) => entry.userId === userId),
    write: async (writes) => {
      if (!writes.every(isFree)) return false;
      writes.forEach(put);
      return true;
    },
    run: async (work) => {
      const [first, ...others] = work.wallets;
      const done = entries.get(`${first.userId} ${entryId(first, work.cause)}`);
      if (done) return { kind: 'replayed', entry: done };
      const plan = work.decide({
        heads: [headOf(first), ...others.map(headOf)],
        read: load(work.reads ?? []),
      });
      if (!plan.ok) {
        const { refusal, writes = [] } = plan;
        if (!writes.every(isFree))
          throw new Error('a refusal wrote over a version it had not seen');
        writes.forEach(put);
        return { kind: 'refused', refusal };
      }
      commit(plan);
      const [principal] = plan.decisions;
      if (!principal) throw new Error('a plan decides about every wallet of its work');
      return { kind: 'committed', entry: principal.entry };
    },
  };
}

function nameOf(key: { readonly pk: string; readonly sk: string }): string {
  return `${key.pk} ${key.sk}`;
}

function walletName(wallet: WalletRef): string {
  return `${wallet.userId} ${wallet.creditType}`;
}
