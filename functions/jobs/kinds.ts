import type * as z from 'zod';
import { bulkCredits } from '#functions/jobs/bulk-credits';
import { exportEntries } from '#functions/jobs/export-entries';
import type { JobDependencies } from '#functions/jobs/dependencies';
import { reconciliation } from '#functions/jobs/reconciliation';
import { refundProject } from '#functions/jobs/refund-project';
import { refundProjectTaskSchema } from '#lib/applications/refund-project-task';
import { exportTaskSchema } from '#lib/exports/export-task';
import { bulkTaskSchema } from '#lib/bulk/bulk-task';
import type { Job, Slice } from '#lib/jobs/job';
import type { JobKind, JobTask } from '#lib/jobs/job-task';
import { reconciliationTaskSchema } from '#lib/purchases/reconciliation-task';

/** Every kind of job: what its task says, and what does one bounded slice of it. */
const kinds: { readonly [K in JobKind]: RunKind } = {
  reconciliation: kind(reconciliationTaskSchema, reconciliation),
  bulk_credits: kind(bulkTaskSchema, bulkCredits),
  refund_project: kind(refundProjectTaskSchema, refundProject),
  export_entries: kind(exportTaskSchema, exportEntries),
};

/** One slice of a job of any kind. */
export function runSlice(deps: JobDependencies, job: Job): Promise<Slice> {
  return kinds[job.task.kind](deps, job);
}

type RunKind = (deps: JobDependencies, job: Job) => Promise<Slice>;

function kind<S extends z.ZodType<JobTask>>(
  schema: S,
  run: (
    deps: JobDependencies,
    work: { readonly job: Job; readonly task: z.output<S> },
  ) => Promise<Slice>,
): RunKind {
  return async (deps, job) => run(deps, { job, task: schema.parse(job.task) });
}
