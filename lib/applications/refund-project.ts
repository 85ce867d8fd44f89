import type { Application } from '#lib/applications/application';
import { closeUnrefunded, refundApplication } from '#lib/applications/refund-application';
import type { RefundProjectTask } from '#lib/applications/refund-project-task';
import { invariant } from '#lib/invariant';
import type { Job, Slice } from '#lib/jobs/job';
import type { ApplicationStore, LedgerStore } from '#lib/ports';

/** Of as many users: they do not get in each other's way. */
const SLICE_APPLICATIONS = 20;

type Ledger = Pick<LedgerStore, 'load' | 'loadEntry' | 'run' | 'write'>;

/**
 * Refunds the next open applications of a cancelled project. None can be missed: the project was closed to new ones
 * before, and they are read from the table itself. Done twice, every refund meets its own cause.
 */
export async function refundNextApplications(
  stores: { readonly ledger: Ledger; readonly applications: Pick<ApplicationStore, 'ofProject'> },
  work: { readonly job: Job; readonly task: RefundProjectTask; readonly now: string },
): Promise<Slice> {
  const { job, now, task } = work;
  const { projectId } = task;
  const { applications, next } = await stores.applications.ofProject({
    projectId,
    after: task.after,
    limit: SLICE_APPLICATIONS,
  });
  const refunded = await Promise.all(
    applications.map((application) =>
      refundCancelled(stores.ledger, { application, actor: job.createdBy, now }),
    ),
  );
  const { progress } = job;
  const done = progress.done + applications.length;
  const refused = progress.refused + refunded.filter((each) => !each).length;
  const finished = next === null;
  return {
    task: { ...task, after: next },
    progress: { total: finished ? done : null, done, refused },
    finished,
  };
}

/** Whether the project's end has given the credits back, now or in a run that was cut off. */
async function refundCancelled(
  ledger: Ledger,
  input: { readonly application: Application; readonly actor: string; readonly now: string },
): Promise<boolean> {
  const { actor, application, now } = input;
  const { entryId, projectId, userId } = application;
  if (application.closed) return isGivenBack(application);
  const spend = await ledger.loadEntry({ userId, entryId });
  invariant(spend, 'an application stands beside its spend');
  const outcome = await refundApplication(ledger, {
    application,
    spend,
    kind: 'cancelled',
    description: `Project ${projectId} cancelled`,
    requestCause: null,
    actor,
    now,
  });
  if (outcome.kind === 'refused' && outcome.refusal.code === 'ALREADY_REFUNDED') {
    const reason = 'Credits refunded already';
    await closeUnrefunded(ledger, { application, kind: 'cancelled', reason, now });
  }
  if (outcome.kind !== 'closed') return outcome.kind === 'refunded';
  // Somebody was faster since it was listed, perhaps another run of this very job: it says what came of it.
  const id = { projectId, userId };
  const stored = (await ledger.load([{ record: 'application', id }]))('application', id);
  return stored !== null && isGivenBack(stored.value);
}

function isGivenBack({ closed }: Application): boolean {
  return closed?.kind === 'cancelled' && closed.refundEntryId !== null;
}
