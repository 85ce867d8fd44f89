import { hash } from 'node:crypto';
import { type BulkRow, CHUNK_ROWS } from '#lib/bulk/bulk-task';
import { jobIdOf } from '#lib/jobs/job';
import type { JobQueue } from '#lib/jobs/job-queue';
import { type JobStart, type StartedJob, startJob } from '#lib/jobs/start-job';
import { canonicalJson } from '#lib/ledger/entry';
import type { LedgerStore, RecordWrite } from '#lib/ports';

/** In one transaction, which takes 4 MB. */
const CHUNKS_AT_ONCE = 20;

/**
 * Stores the rows, then starts their job. Rows are stored under the name of their content: where a start breaks off in
 * the middle, the same request goes on, and another request with its key leaves them lying.
 */
export async function startBulk(
  deps: { readonly store: Pick<LedgerStore, 'load' | 'write'>; readonly queue: JobQueue },
  input: Omit<JobStart, 'task' | 'total'> & { readonly rows: readonly BulkRow[] },
): Promise<StartedJob> {
  const { rows, ...start } = input;
  const jobId = jobIdOf(start.cause);
  const contentId = hash('sha256', canonicalJson(rows), 'hex');
  const known = (await deps.store.load([{ record: 'job', id: { jobId } }]))('job', { jobId });
  if (!known) await storeRows(deps.store, { jobId, contentId, rows, now: start.now });
  const task = { kind: 'bulk_credits', contentId } as const;
  return startJob(deps, { ...start, task, total: rows.length });
}

async function storeRows(
  store: Pick<LedgerStore, 'load' | 'write'>,
  input: {
    readonly jobId: string;
    readonly contentId: string;
    readonly rows: readonly BulkRow[];
    readonly now: string;
  },
): Promise<void> {
  const { contentId, jobId, now, rows } = input;
  const count = Math.ceil(rows.length / CHUNK_ROWS);
  const chunks = Array.from({ length: count }, (_, chunk): RecordWrite<'bulkChunk'> => {
    const part = rows.slice(chunk * CHUNK_ROWS, (chunk + 1) * CHUNK_ROWS);
    const value = { rows: part, storedAt: now };
    return { record: 'bulkChunk', id: { jobId, contentId, chunk }, value, version: null };
  });
  for (let start = 0; start < chunks.length; start += CHUNKS_AT_ONCE) {
    const [first, ...others] = chunks.slice(start, start + CHUNKS_AT_ONCE);
    // False: they stand there already, from a start that broke off; with this content they are the same.
    if (first) await store.write([first, ...others]);
  }
}
