import { type AuditContext, auditWrite } from '#lib/admin/audit-record';
import { type CancelledProject, PROJECT_GATES } from '#lib/applications/application';
import { invariant } from '#lib/invariant';
import { type Job, jobIdOf } from '#lib/jobs/job';
import type { JobQueue } from '#lib/jobs/job-queue';
import { startJob } from '#lib/jobs/start-job';
import type { LedgerStore, RecordWrite } from '#lib/ports';
import type { KeyedRequest } from '#lib/requests/request-record';

export interface CancelledProjectState {
  readonly projectId: string;
  readonly project: CancelledProject;
  /** What gives the credits back. */
  readonly job: Job;
}

export type CancelOutcome =
  | ({ readonly kind: 'cancelled' | 'replayed' } & CancelledProjectState)
  | { readonly kind: 'key_reused' };

/**
 * Cancels a project: it takes no more applications from this instant, and a job gives back what the open ones cost.
 * Project, job and audit record are one transaction, so that none is without the others. A project is cancelled once;
 * asking again tells how far its refunds are, and tries again where the job had failed or left some out: a wallet that
 * had no room for its credits may have some by then.
 */
export async function cancelProject(
  deps: { readonly store: Pick<LedgerStore, 'load' | 'write'>; readonly queue: JobQueue },
  input: {
    readonly projectId: string;
    readonly reason: string | null;
    readonly request: KeyedRequest;
    readonly audit: AuditContext;
    readonly action: string;
  },
): Promise<CancelOutcome> {
  const { action, audit, projectId, reason, request } = input;
  const id = { projectId };
  const jobId = jobIdOf(request.cause);
  const read = await deps.store.load([
    { record: 'project', id },
    { record: 'job', id: { jobId } },
  ]);
  const known = read('job', { jobId })?.value;
  if (known && known.fingerprint !== request.fingerprint) return { kind: 'key_reused' };
  const before = read('project', id);
  if (before && before.value.jobId !== jobId) {
    const state = await loadCancelled(deps.store, projectId);
    invariant(state, 'a cancelled project has its job');
    if (!isWorthAnother(state.job)) return { kind: 'cancelled', ...state };
  }
  const cancelled = { cancelledAt: audit.at, cancelledBy: audit.actor, reason };
  const project: CancelledProject = { ...(before?.value ?? cancelled), jobId };
  const started = await startJob(deps, {
    task: { kind: 'refund_project', projectId, after: null },
    total: null,
    ...request,
    by: audit.actor,
    now: audit.at,
    writes: [
      { record: 'project', id, value: project, version: before?.version ?? null },
      ...(before ? [] : gatesClosed(projectId, audit.at)),
      auditWrite(audit, {
        action,
        target: { type: 'project', id: projectId },
        before: before && { job_id: before.value.jobId },
        after: { cancelled_at: project.cancelledAt, job_id: jobId },
        reason,
      }),
    ],
  });
  if (started.kind === 'reused') return { kind: 'key_reused' };
  const kind = started.kind === 'started' ? 'cancelled' : 'replayed';
  return { kind, projectId, project: before?.value ?? project, job: started.job };
}

/** What was withdrawn before counts as left out, too; another job meets it and changes nothing. */
function isWorthAnother({ progress, state }: Job): boolean {
  return state === 'failed' || (state === 'done' && progress.refused > 0);
}

function gatesClosed(projectId: string, closedAt: string): readonly RecordWrite[] {
  return Array.from({ length: PROJECT_GATES }, (_, gate) => {
    const id = { projectId, gate };
    return { record: 'projectGate', id, value: { closedAt }, version: null };
  });
}

/** A cancelled project and how far its refunds are; null where nobody has cancelled it. */
export async function loadCancelled(
  store: Pick<LedgerStore, 'load'>,
  projectId: string,
): Promise<CancelledProjectState | null> {
  const id = { projectId };
  const project = (await store.load([{ record: 'project', id }]))('project', id)?.value;
  if (!project) return null;
  const { jobId } = project;
  const job = (await store.load([{ record: 'job', id: { jobId } }]))('job', { jobId })?.value;
  invariant(job, 'a cancelled project has its job');
  return { projectId, project, job };
}
