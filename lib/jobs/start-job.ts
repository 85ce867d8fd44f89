import { type Job, jobIdOf, type JobProgress } from '#lib/jobs/job';
import type { JobQueue } from '#lib/jobs/job-queue';
import type { JobTask } from '#lib/jobs/job-task';
import { ContentionError, type LedgerStore, type RecordWrite, type Stored } from '#lib/ports';

const ATTEMPTS_MAX = 10;

export interface JobStart {
  readonly task: JobTask;
  /** What there is to do, where that is known already. */
  readonly total: number | null;
  /** Of the request: the same caller, route and Idempotency-Key are the same job. */
  readonly cause: string;
  readonly fingerprint: string | null;
  /** As entries name people. */
  readonly by: string;
  readonly now: string;
  /** What belongs into the transaction that starts it, such as its audit record. */
  readonly writes?: readonly RecordWrite[];
}

export type StartedJob =
  | { readonly kind: 'started' | 'replayed'; readonly job: Job }
  /** The Idempotency-Key stands for another request. */
  | { readonly kind: 'reused' };

/**
 * Stores a job, then asks for its first run. A crash between the two loses nothing: `resumeJobs` finds the record. The
 * same request again is the same job; one that has failed goes on where it was.
 */
export async function startJob(
  {
    store,
    queue,
  }: { readonly store: Pick<LedgerStore, 'load' | 'write'>; readonly queue: JobQueue },
  start: JobStart,
): Promise<StartedJob> {
  const id = { jobId: jobIdOf(start.cause) };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const known = (await store.load([{ record: 'job', id }]))('job', id);
    if (known && known.value.fingerprint !== start.fingerprint) return { kind: 'reused' };
    const value = known ? again(known, start.now) : firstOf(id.jobId, start);
    if (!value) return { kind: 'replayed', job: known?.value ?? firstOf(id.jobId, start) };
    const version = known?.version ?? null;
    const writes = known ? [] : (start.writes ?? []);
    if (await store.write([{ record: 'job', id, value, version }, ...writes])) {
      await queue.send(id.jobId);
      return { kind: known ? 'replayed' : 'started', job: value };
    }
  }
  throw new ContentionError('starts of one job raced each other');
}

function firstOf(jobId: string, start: JobStart): Job {
  const progress: JobProgress = { total: start.total, done: 0, refused: 0 };
  return {
    id: jobId,
    task: start.task,
    state: 'queued',
    progress,
    attempts: 0,
    reason: null,
    fingerprint: start.fingerprint,
    createdBy: start.by,
    createdAt: start.now,
    updatedAt: start.now,
    finishedAt: null,
  };
}

/** A failed job gets another chance from the person who asks again; any other is simply what it is. */
function again({ value }: Stored<'job'>, now: string): Job | null {
  if (value.state !== 'failed') return null;
  return {
    ...value,
    state: 'queued',
    attempts: 0,
    reason: null,
    updatedAt: now,
    finishedAt: null,
  };
}
