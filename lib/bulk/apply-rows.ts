import { type BulkTask, CHUNK_ROWS } from '#lib/bulk/bulk-task';
import {
  decideRow,
  type NumberedRow,
  resultOf,
  rowCause,
  type RowWork,
  type UnknownUser,
} from '#lib/bulk/decide-row';
import { type Job, JobFailedError, type Slice } from '#lib/jobs/job';
import type { JobRow } from '#lib/jobs/job-row';
import type { Refusal } from '#lib/ledger/decision';
import { invariant } from '#lib/invariant';
import type { LedgerStore } from '#lib/ports';

/** Wallets that are written to at once: the API must not wait for a bulk run. */
const WALLETS_AT_ONCE = 8;

type Store = Pick<LedgerStore, 'load' | 'loadHeads' | 'run' | 'write'>;

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
  { job, now, row }: { readonly job: Job; readonly row: NumberedRow; readonly now: string },
): Promise<JobRow> {
  const work = { row, jobId: job.id, by: job.createdBy, now };
  const id = { jobId: job.id, row: row.row };
  const first = await decideAndWrite(store, work, { known: false });
  // The app's backend may credit users whom nobody has registered: a wallet of another type knows them, too.
  const result =
    'result' in first && first.result.code === 'NOT_FOUND' && (await hasWallets(store, row.userId))
      ? await decideAndWrite(store, work, { known: true })
      : first;
  if (!('result' in result)) return result.recorded;
  if (result.written) return result.result;
  const write = { record: 'jobRow', id, value: result.result, version: null } as const;
  if (await store.write([write])) return result.result;
  return recordedRow(store, id);
}

async function hasWallets(store: Store, userId: string): Promise<boolean> {
  return (await store.loadHeads(userId)).length > 0;
}

type RowOutcome =
  | { readonly recorded: JobRow }
  /** A refused row is not written yet. */
  | { readonly result: JobRow; readonly written: boolean };

async function decideAndWrite(
  store: Store,
  work: RowWork,
  { known }: { readonly known: boolean },
): Promise<RowOutcome> {
  const { jobId, now, row } = work;
  const id = { jobId, row: row.row };
  const account = { userId: row.userId };
  // As the last decision leaves it: a lost race decides again.
  const last: { result: JobRow | null } = { result: null };
  const outcome = await store.run<{ readonly recorded: JobRow } | Refusal | UnknownUser>({
    wallets: [{ userId: row.userId, creditType: row.creditType }],
    cause: rowCause(work),
    fingerprint: null,
    reads: [
      { record: 'jobRow', id },
      { record: 'account', id: account },
    ],
    decide: ({ heads: [head], read }) => {
      const recorded = read('jobRow', id)?.value;
      if (recorded) return { ok: false, refusal: { recorded } };
      const isKnown = known || head.seq > 0 || read('account', account) !== null;
      const decision = decideRow({ head, known: isKnown }, work);
      const result = resultOf(row, { head, decision, now });
      last.result = result;
      if (!decision.ok) return decision;
      const write = { record: 'jobRow', id, value: result, version: null } as const;
      return { ok: true, decisions: [decision], writes: [write] };
    },
  });
  if (outcome.kind === 'refused' && 'recorded' in outcome.refusal) return outcome.refusal;
  const { result } = last;
  if (result && (outcome.kind === 'committed' || outcome.kind === 'refused')) {
    return { result, written: outcome.kind === 'committed' };
  }
  return { recorded: await recordedRow(store, id) };
}

async function recordedRow(
  store: Store,
  id: { readonly jobId: string; readonly row: number },
): Promise<JobRow> {
  const recorded = (await store.load([{ record: 'jobRow', id }]))('jobRow', id);
  invariant(recorded, 'an entry of a row comes with its result');
  return recorded.value;
}
