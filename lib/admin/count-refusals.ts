import {
  type AuditContext,
  type AuditRecord,
  refusedAttemptRecord,
  type RefusedAttempt,
} from '#lib/admin/audit-record';
import { ContentionError, type LedgerStore } from '#lib/ports';

/** Puts a refused attempt on record; throws when the table does not take it. */
export type RecordRefusal = (context: AuditContext, attempt: RefusedAttempt) => Promise<void>;

/** Actors, routes and minutes that one instance counts at a time. */
const COUNTED_MAX = 1_000;
const ATTEMPTS_MAX = 5;

/**
 * Keeps one record of all that one actor was refused on one route within a minute. The first attempt is written before
 * it is answered. Those after it are counted in memory and written when their number has doubled: whoever hammers
 * pays for a logarithm of writes, and the record says at least half of what there was.
 */
export function countRefusals(store: Pick<LedgerStore, 'load' | 'write'>): RecordRefusal {
  const counted = new Map<string, { seen: number; written: number }>();
  return async (context, attempt) => {
    const record = refusedAttemptRecord(context, attempt);
    const count = counted.get(record.id) ?? { seen: 0, written: 0 };
    if (count.seen === 0) forgetOldest(counted);
    counted.set(record.id, count);
    count.seen += 1;
    if (!isPowerOfTwo(count.seen)) return;
    const more = count.seen - count.written;
    count.written = count.seen;
    try {
      await addAttempts(store, record, more);
    } catch (error) {
      // The next write makes good for this one.
      count.written -= more;
      throw error;
    }
  };
}

async function addAttempts(
  store: Pick<LedgerStore, 'load' | 'write'>,
  record: AuditRecord,
  more: number,
): Promise<void> {
  const ref = { record: 'audit', id: { at: record.at, auditId: record.id } } as const;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const stored = (await store.load([ref]))('audit', ref.id);
    const before = stored?.value ?? { ...record, attempts: 0 };
    const value = { ...before, attempts: before.attempts + more };
    if (await store.write([{ ...ref, value, version: stored?.version ?? null }])) return;
  }
  throw new ContentionError('instances raced for the record of a refused attempt');
}

/** A map keeps the order of insertion: its first key is the oldest minute. */
function forgetOldest(counted: Map<string, unknown>): void {
  const [oldest] = counted.keys();
  if (oldest !== undefined && counted.size >= COUNTED_MAX) counted.delete(oldest);
}

function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count));
}
