import type { AdminDependencies } from '#functions/admin/dependencies';
import { auditWrite } from '#lib/admin/audit-record';
import { predictRows } from '#lib/bulk/predict-rows';
import { startBulk as start } from '#lib/bulk/start-bulk';
import { problem } from '#lib/contract/problem';
import { adminBulkRoutes } from '#lib/contract/routes/admin-bulk';
import { auditContextOf } from '#lib/http/audit-refusal';
import { bulkRowsOf, toPrediction } from '#lib/http/bulk-resource';
import { endpoint } from '#lib/http/endpoint';
import { toJob } from '#lib/http/job-resource';
import { jobIdOf } from '#lib/jobs/job';

/** POST /admin/credits/bulk */
export const startBulk = endpoint(
  adminBulkRoutes.startBulk,
  async ({ body, caller, query, request }, { jobQueue, ledger, wallets }: AdminDependencies) => {
    const { actor: by, cause, fingerprint, now } = request;
    const rows = bulkRowsOf(body, now);
    const jobId = jobIdOf(cause);
    if (query.dry_run === 'true') {
      return {
        status: 200,
        body: toPrediction(await predictRows(wallets, { rows, jobId, by, now })),
      };
    }
    const audited = auditWrite(auditContextOf({ caller, request }), {
      action: 'startBulk',
      target: { type: 'job', id: jobId },
      after: { rows: rows.length },
    });
    const deps = { store: ledger, queue: jobQueue };
    const started = await start(deps, { rows, cause, fingerprint, by, now, writes: [audited] });
    if (started.kind === 'reused') throw problem('IDEMPOTENCY_KEY_REUSED');
    return { status: 202, body: toJob(started.job), replayed: started.kind === 'replayed' };
  },
);
