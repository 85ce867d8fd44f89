import * as z from 'zod';
import type { AdminDependencies } from '#functions/admin/dependencies';
import { problem } from '#lib/contract/problem';
import { adminBulkRoutes } from '#lib/contract/routes/admin-bulk';
import { endpoint } from '#lib/http/endpoint';
import { bulkResultsCsv, toBulkResult, toJob } from '#lib/http/job-resource';
import { closePage, openPage } from '#lib/http/pagination';
import { invariant } from '#lib/invariant';

/** GET /admin/credits/bulk/{job_id} */
export const getBulk = endpoint(
  adminBulkRoutes.getBulk,
  async (call, { jobs, ledger }: AdminDependencies) => {
    const { job_id: jobId } = call.params;
    const job = (await ledger.load([{ record: 'job', id: { jobId } }]))('job', { jobId })?.value;
    if (job?.task.kind !== 'bulk_credits') throw problem('NOT_FOUND');
    const { total } = job.progress;
    invariant(total !== null, 'a bulk job knows its rows');
    if (call.query.format === 'csv') {
      const rows = await jobs.rows({ jobId, first: 1, last: total });
      const name = `bulk-${jobId}.csv`;
      return { status: 200, file: { format: 'csv', text: bulkResultsCsv(rows), name } };
    }
    const page = openPage(call, position);
    const skipped = page.position ?? (page.page - 1) * page.limit;
    const next = skipped + page.limit;
    const rows = await jobs.rows({ jobId, first: skipped + 1, last: next });
    return {
      status: 200,
      body: {
        job: toJob(job),
        results: rows.map(toBulkResult),
        pagination: closePage(page, { total, next: next < total ? next : null }),
      },
    };
  },
);

// A cursor names how many rows were passed.
const position = z.int().min(0).max(1_000_000);
