import { type BulkRow, type BulkTask, CHUNK_ROWS } from '#lib/bulk/bulk-task';
import { type Job, JobFailedError, type Slice } from '#lib/jobs/job';
import type { JobRow } from '#lib/jobs/job-row';
import { adjust } from '#lib/ledger/adjust';
import { advance } from '#lib/ledger/advance';
import type { Decision, Refusal } from '#lib/ledger/decision';
import type { Head, WalletRef } from '#lib/ledger/wallet';
import { invariant } from '#lib/invariant';
import type { LedgerStore } from '#lib/ports';
import { planOf } from '#lib/wallets/plan';

/** Wallets that are written to at once: the API must not wait for a bulk run. */
const WALLETS_AT_ONCE = 8;
/** Adjustments burn in the usual order: neither before nor after what was bought. */
const PRIORITY = 0;

type Store = Pick<LedgerStore, 'load' | 'loadHead' | 'run' | 'write'>;

/** One row of a job with its number, counted from 1 over the whole file. */
export interface NumberedRow extends BulkRow {
  readonly row: number;
}

/**
 * The next chunk of a bulk job. Each row is done once for ever: its cause is the job and its number, and its result is
 * written in the transaction of its entry. Rows of one wallet are done in their order, as the dry run predicts them.
 */
export async function applyNextChunk(
  store: Store,
  input: { readonly job: Job; readonly task: BulkTask; readonly now: string },
): Promise<Slice> {
  const { job, now, task } = input;
  const { done, total } = job.progress;
  invariant(total !== null, 'a bulk job knows its rows');
  const id = { jobId: job.id, contentId: task.contentId, chunk: Math.floor(done / CHUNK_ROWS) };
  const chunk = (await store.load([{ record: 'bulkChunk', id }]))('bulkChunk', id);
  if (!chunk)
    throw new JobFailedError('The rows are not kept any more: nobody ran it for too long.');
  const rows = chunk.value.rows.map((row, index) => ({ ...row, row: done + index + 1 }));
  const results = await applyRows(store, { job, rows, now });
  const refused = results.filter(({ outcome }) => outcome === 'refused').length;
  const progress = {
    total,
    done: done + rows.length,
    refused: job.progress.refused + refused,
  };
  return { task, progress, finished: progress.done >= total };
}

async function applyRows(
  store: Store,
  work: { readonly job: Job; readonly rows: readonly NumberedRow[]; readonly now: string },
): Promise<readonly JobRow[]> {
  const wallets = Map.groupBy(work.rows, (row) => `${row.userId}#${row.creditType}`);
  const waiting = [...wallets.values()];
  const results: JobRow[] = [];
  const worker = async (): Promise<void> => {
    for (let rows = waiting.shift(); rows; rows = waiting.shift()) {
      for (const row of rows) results.push(await applyRow(store, { ...work, row }));
    }
  };
  await Promise.all(Array.from({ length: WALLETS_AT_ONCE }, worker));
  return results;
}

async function applyRow(
  store: Store,
  work: { readonly job: Job; readonly row: NumberedRow; readonly now: string },
): Promise<JobRow> {
  const { job, now, row } = work;
  const wallet: WalletRef = { userId: row.userId, creditType: row.creditType };
  const id = { jobId: job.id, row: row.row };
  // As the last decision leaves it: a lost race decides again.
  const last: { result: JobRow | null } = { result: null };
  const outcome = await store.run<{ readonly recorded: JobRow } | Refusal>({
    wallets: [wallet],
    cause: `bulk:${job.id}:${row.row}`,
    fingerprint: null,
    reads: [{ record: 'jobRow', id }],
    decide: ({ heads: [head], read }) => {
      const recorded = read('jobRow', id)?.value;
      if (recorded) return { ok: false, refusal: { recorded } };
      const decision = decideRow(head, { row, job, now });
      const result = resultOf(row, { head, decision, now });
      last.result = result;
      if (!decision.ok) return decision;
      return planOf(decision, [{ record: 'jobRow', id, value: result, version: null }]);
    },
  });
  if (outcome.kind === 'refused' && 'recorded' in outcome.refusal) return outcome.refusal.recorded;
  const { result } = last;
  if (outcome.kind === 'committed' && result) return result;
  if (outcome.kind === 'refused' && result) {
    if (await store.write([{ record: 'jobRow', id, value: result, version: null }])) return result;
  }
  const recorded = (await store.load([{ record: 'jobRow', id }]))('jobRow', id);
  invariant(recorded, 'an entry of a row comes with its result');
  return recorded.value;
}

/** What a row does to its wallet: the one rule, for the run and for the dry run before it. */
export function decideRow(
  head: Head,
  work: {
    readonly row: NumberedRow;
    readonly job: Pick<Job, 'id' | 'createdBy'>;
    readonly now: string;
  },
): Decision {
  const { job, now, row } = work;
  return adjust(head, {
    now,
    cause: `bulk:${job.id}:${row.row}`,
    actor: job.createdBy,
    description: row.reason,
    reference: { type: 'bulk', id: job.id },
    metadata: { row: row.row },
    fingerprint: null,
    amount: row.amount,
    terms: { category: row.category, priority: PRIORITY, expiresAt: row.expiresAt },
  });
}

/** A decision as the row's result. */
export function resultOf(
  row: NumberedRow,
  decided: { readonly head: Head; readonly decision: Decision; readonly now: string },
): JobRow {
  const { decision, head, now } = decided;
  const { amount, creditType, userId } = row;
  const known = { row: row.row, userId, creditType, amount, at: now };
  if (decision.ok) {
    const { entry } = decision;
    const balance = decision.head.balance;
    return { ...known, outcome: 'applied', code: null, entryId: entry.id, balance };
  }
  const balance = advance(head, now).head.balance;
  return { ...known, outcome: 'refused', code: decision.refusal.code, entryId: null, balance };
}
