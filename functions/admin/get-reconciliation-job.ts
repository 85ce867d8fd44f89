import type { AdminDependencies } from '#functions/admin/dependencies';
import { problem } from '#lib/contract/problem';
import { adminReconciliationRoutes } from '#lib/contract/routes/admin-reconciliation';
import { endpoint } from '#lib/http/endpoint';
import { toJob } from '#lib/http/job-resource';

/** GET /admin/credits/reconciliation/{job_id} */
export const getReconciliationJob = endpoint(
  adminReconciliationRoutes.getReconciliationJob,
  async ({ params }, { ledger }: AdminDependencies) => {
    const id = { jobId: params.job_id };
    const job = (await ledger.load([{ record: 'job', id }]))('job', id)?.value;
    if (job?.task.kind !== 'reconciliation') throw problem('NOT_FOUND');
    return { status: 200, body: toJob(job) };
  },
);
