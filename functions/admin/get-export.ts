import type { AdminDependencies } from '#functions/admin/dependencies';
import { problem } from '#lib/contract/problem';
import { adminExportRoutes } from '#lib/contract/routes/admin-export';
import { exportKey } from '#lib/exports/export-task';
import { endpoint } from '#lib/http/endpoint';
import { toExportJob } from '#lib/http/export-resource';

/** Long enough to click on, too short to be passed around. */
const LINK_SECONDS = 300;

/** GET /admin/credits/export/{job_id} */
export const getExport = endpoint(
  adminExportRoutes.getExport,
  async ({ params, request }, { files, ledger }: AdminDependencies) => {
    const id = { jobId: params.job_id };
    const job = (await ledger.load([{ record: 'job', id }]))('job', id)?.value;
    if (job?.task.kind !== 'export_entries') throw problem('NOT_FOUND');
    if (job.state !== 'done') return { status: 200, body: toExportJob(job, null) };
    const url = await files.link({
      key: exportKey(job.id, job.task.format),
      expiresInSeconds: LINK_SECONDS,
    });
    const expiresAt = new Date(Date.parse(request.now) + LINK_SECONDS * 1_000).toISOString();
    return { status: 200, body: toExportJob(job, { url, expiresAt }) };
  },
);
