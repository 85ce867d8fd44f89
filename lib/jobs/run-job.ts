import { isFinished, type Job, JobFailedError, type Slice } from '#lib/jobs/job';
import type { JobQueue } from '#lib/jobs/job-queue';
import { invariant } from '#lib/invariant';
import type { LedgerStore, Stored } from '#lib/ports';

/** Runs without a step forward after which a job is given up: whatever stops it will not go away by itself. */
export const JOB_ATTEMPTS_MAX = 10;
/** Slices of one run: far more than a run has time for. */
const SLICES_MAX = 10_000;
const REASON_LENGTH_MAX = 500;

export interface JobRunner {
  readonly store: Pick<LedgerStore, 'load' | 'write'>;
  readonly queue: JobQueue;
  /** One bounded slice of the job, from where its task says. Done twice, it changes nothing the second time. */
  readonly runSlice: (job: Job) => Promise<Slice>;
  /** Whether there is time for another slice before the function is cut off. */
  readonly hasTime: () => boolean;
  readonly now: () => Date;
}

export type JobRun =
  /** `continues`: the next message is in the queue. `elsewhere`: another run has come forward, and has its own. */
  | { readonly kind: 'done' | 'continues' | 'elsewhere' | 'finished_before' }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Works on a job until it ends or time runs short, and stores its progress after every slice: killed at any point, the
 * next run goes on from there. Throws what a slice threw, unless the job is given up for it; then the message comes
 * again.
 */
export async function runJob(runner: JobRunner, jobId: string): Promise<JobRun> {
  const { queue, store } = runner;
  const id = { jobId };
  const found = (await store.load([{ record: 'job', id }]))('job', id);
  invariant(found, 'a job is stored before its first message is sent');
  if (isFinished(found.value)) return { kind: 'finished_before' };
  const { attempts, reason } = found.value;
  if (attempts >= JOB_ATTEMPTS_MAX) {
    return fail(runner, found, reason ?? 'It was cut off again and again without coming forward.');
  }
  let current = await save(runner, found, { state: 'running', attempts: attempts + 1 });
  for (let count = 0; current && count < SLICES_MAX; count += 1) {
    const slice = await tryToRun(runner, current);
    if ('failed' in slice) return slice.failed;
    const { finished, ...forward } = slice;
    const end = finished ? { state: 'done' as const, finishedAt: timeOf(runner) } : {};
    current = await save(runner, current, { ...forward, ...end, attempts: 0, reason: null });
    if (!current) break;
    if (finished) return { kind: 'done' };
    if (!runner.hasTime()) {
      await queue.send(jobId);
      return { kind: 'continues' };
    }
  }
  return { kind: 'elsewhere' };
}

async function tryToRun(
  runner: JobRunner,
  current: Stored<'job'>,
): Promise<Slice | { readonly failed: JobRun }> {
  try {
    return await runner.runSlice(current.value);
  } catch (error) {
    const reason = (error instanceof Error ? `${error.name}: ${error.message}` : 'unknown').slice(
      0,
      REASON_LENGTH_MAX,
    );
    if (error instanceof JobFailedError) {
      return { failed: await fail(runner, current, error.message) };
    }
    if (current.value.attempts >= JOB_ATTEMPTS_MAX) {
      return { failed: await fail(runner, current, reason) };
    }
    // Whoever gives the job up one day knows why; where this write fails too, the error itself counts.
    await save(runner, current, { reason });
    throw error;
  }
}

async function fail(runner: JobRunner, current: Stored<'job'>, reason: string): Promise<JobRun> {
  const finishedAt = timeOf(runner);
  const failed = await save(runner, current, { state: 'failed', reason, finishedAt });
  return failed ? { kind: 'failed', reason } : { kind: 'elsewhere' };
}

/** Null where another run of the same job was faster: it has come forward, and this one stands down. */
async function save(
  { store, now }: JobRunner,
  { value, version }: Stored<'job'>,
  change: Partial<Job>,
): Promise<Stored<'job'> | null> {
  const changed: Job = { ...value, ...change, updatedAt: now().toISOString() };
  const id = { jobId: value.id };
  const written = await store.write([{ record: 'job', id, value: changed, version }]);
  return written ? { value: changed, version: version + 1 } : null;
}

function timeOf(runner: JobRunner): string {
  return runner.now().toISOString();
}
