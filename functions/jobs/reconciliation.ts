import type { JobDependencies } from '#functions/jobs/dependencies';
import { reconcileProvider } from '#lib/http/reconcile-provider';
import type { Job, Slice } from '#lib/jobs/job';
import type { ReconciliationTask } from '#lib/purchases/reconciliation-task';

/** One provider of POST /admin/credits/reconciliation: the run that the schedule makes every hour. */
export async function reconciliation(
  deps: JobDependencies,
  { job, task }: { readonly job: Job; readonly task: ReconciliationTask },
): Promise<Slice> {
  const [provider, ...providers] = task.providers;
  if (provider === undefined) return { task, progress: job.progress, finished: true };
  const report = await reconcileProvider(deps, provider);
  const { done, refused, total } = job.progress;
  return {
    task: { ...task, providers },
    // A provider that is not set up has nothing to compare.
    progress: { total, done: done + 1, refused: report === null ? refused + 1 : refused },
    finished: providers.length === 0,
  };
}
