import type { JobDependencies } from '#functions/jobs/dependencies';
import { refundNextApplications } from '#lib/applications/refund-project';
import type { RefundProjectTask } from '#lib/applications/refund-project-task';
import type { Job, Slice } from '#lib/jobs/job';

/** Some applications of POST /admin/credits/refund-project/{projectId}. */
export function refundProject(
  { applications, ledger, now }: JobDependencies,
  work: { readonly job: Job; readonly task: RefundProjectTask },
): Promise<Slice> {
  return refundNextApplications({ applications, ledger }, { ...work, now: now().toISOString() });
}
