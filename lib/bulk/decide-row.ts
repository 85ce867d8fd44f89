import type { BulkRow } from '#lib/bulk/bulk-task';
import type { JobRow } from '#lib/jobs/job-row';
import { adjust } from '#lib/ledger/adjust';
import { advance } from '#lib/ledger/advance';
import type { Refusal } from '#lib/ledger/decision';
import type { Head } from '#lib/ledger/wallet';
import type { Committed } from '#lib/ports';

/** In the middle of the range, as every correction by hand. */
const PRIORITY = 50;

/** One row of a job with its number, counted from 1 over the whole file. */
export interface NumberedRow extends BulkRow {
  readonly row: number;
}

/** Nobody has registered the user, and no wallet of theirs has an entry: a mistyped id must not open one. */
export interface UnknownUser {
  readonly code: 'NOT_FOUND';
}

export type RowDecision =
  Committed | { readonly ok: false; readonly refusal: Refusal | UnknownUser };

export interface RowWork {
  readonly row: NumberedRow;
  readonly jobId: string;
  /** As entries name people. */
  readonly by: string;
  readonly now: string;
}

/** One cause for each row of each job: that is what makes it happen once (DESIGN 2). */
export function rowCause({ jobId, row }: Pick<RowWork, 'jobId' | 'row'>): string {
  return `bulk:${jobId}:${row.row}`;
}

/** What a row does to its wallet: the one rule, for the run and for the dry run before it. */
export function decideRow(
  state: { readonly head: Head; readonly known: boolean },
  work: RowWork,
): RowDecision {
  const { by, jobId, now, row } = work;
  if (!state.known) return { ok: false, refusal: { code: 'NOT_FOUND' } };
  return adjust(state.head, {
    now,
    cause: rowCause(work),
    actor: by,
    description: row.reason,
    reference: { type: 'bulk', id: jobId },
    metadata: { row: row.row },
    fingerprint: null,
    amount: row.amount,
    terms: { category: row.category, priority: PRIORITY, expiresAt: row.expiresAt },
  });
}

/** A decision as the row's result. */
export function resultOf(
  row: NumberedRow,
  decided: { readonly head: Head; readonly decision: RowDecision; readonly now: string },
): JobRow {
  const { decision, head, now } = decided;
  const { amount, creditType, userId } = row;
  const known = { row: row.row, userId, creditType, amount, at: now };
  if (decision.ok) {
    const { balance } = decision.head;
    return { ...known, outcome: 'applied', code: null, entryId: decision.entry.id, balance };
  }
  const { balance } = advance(head, now).head;
  return { ...known, outcome: 'refused', code: decision.refusal.code, entryId: null, balance };
}
