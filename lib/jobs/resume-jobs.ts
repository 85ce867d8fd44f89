import type { JobQueue } from '#lib/jobs/job-queue';
import type { JobStore, LedgerStore } from '#lib/ports';

/** Longer than a run may take, so that no job is sent to a second run while the first is at work. */
const SILENCE_MS = 10 * 60_000;
/** In one look; what is silent beyond them waits for the next. */
const JOBS_MAX = 100;

/**
 * Asks for a run of every job that is open and has not come forward for ten minutes: its message was lost between the
 * record and the queue, or its run was cut off. Answers how many.
 */
export async function resumeJobs(
  {
    jobs,
    queue,
    store,
  }: {
    readonly jobs: Pick<JobStore, 'silentSince'>;
    readonly queue: JobQueue;
    readonly store: Pick<LedgerStore, 'load' | 'write'>;
  },
  now: string,
): Promise<number> {
  const before = new Date(Date.parse(now) - SILENCE_MS).toISOString();
  let resumed = 0;
  for (const jobId of await jobs.silentSince({ before, limit: JOBS_MAX })) {
    const id = { jobId };
    const found = (await store.load([{ record: 'job', id }]))('job', id);
    // The index is a moment behind the table.
    if (!found || found.value.updatedAt >= before) continue;
    const value = { ...found.value, updatedAt: now };
    // Seen now, so that the next look does not send it a second time.
    if (!(await store.write([{ record: 'job', id, value, version: found.version }]))) continue;
    await queue.send(jobId);
    resumed += 1;
  }
  return resumed;
}
