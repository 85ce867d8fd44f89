import type { CancelledProjectState } from '#lib/applications/cancel-project';
import type * as contract from '#lib/contract/applications';
import type { Wire } from '#lib/http/endpoint';
import { toJob } from '#lib/http/job-resource';

/** A cancelled project, as the API shows it. */
export function toCancelledProject(
  state: CancelledProjectState,
): Wire<typeof contract.cancelledProject> {
  const { job, project, projectId } = state;
  return {
    success: true,
    project_id: projectId,
    cancelled_at: project.cancelledAt,
    cancelled_by: project.cancelledBy,
    reason: project.reason,
    job: toJob(job),
  };
}
