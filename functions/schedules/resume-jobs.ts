import type { ScheduleDependencies } from '#functions/schedules/dependencies';
import { resumeJobs as resume } from '#lib/jobs/resume-jobs';

/** Sends for the jobs that have fallen silent. */
export async function resumeJobs(deps: ScheduleDependencies): Promise<void> {
  const { jobQueue: queue, jobs, ledger: store, log } = deps;
  const count = await resume({ jobs, queue, store }, deps.now().toISOString());
  if (count > 0) log.warn('silent jobs were sent for', { count });
}
