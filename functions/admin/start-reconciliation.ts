import type { AdminDependencies } from '#functions/admin/dependencies';
import { auditWrite } from '#lib/admin/audit-record';
import { problem } from '#lib/contract/problem';
import { adminReconciliationRoutes } from '#lib/contract/routes/admin-reconciliation';
import { auditContextOf } from '#lib/http/audit-refusal';
import { endpoint } from '#lib/http/endpoint';
import { toJob } from '#lib/http/job-resource';
import { jobIdOf } from '#lib/jobs/job';
import { startJob } from '#lib/jobs/start-job';
import { PAYMENT_PROVIDERS } from '#lib/payments/payment-event';

/** POST /admin/credits/reconciliation */
export const startReconciliation = endpoint(
  adminReconciliationRoutes.startReconciliation,
  async ({ caller, query, request }, { jobQueue, ledger }: AdminDependencies) => {
    const { actor: by, cause, fingerprint, now } = request;
    const providers = query.provider === undefined ? [...PAYMENT_PROVIDERS] : [query.provider];
    const id = jobIdOf(cause);
    const audited = auditWrite(auditContextOf({ caller, request }), {
      action: 'startReconciliation',
      target: { type: 'job', id },
      after: { providers },
    });
    const started = await startJob(
      { store: ledger, queue: jobQueue },
      {
        task: { kind: 'reconciliation', providers },
        total: providers.length,
        writes: [audited],
        cause,
        fingerprint,
        by,
        now,
      },
    );
    if (started.kind === 'reused') throw problem('IDEMPOTENCY_KEY_REUSED');
    const { job } = started;
    return {
      status: 202,
      headers: { location: `/admin/credits/reconciliation/${job.id}` },
      body: toJob(job),
      replayed: started.kind === 'replayed',
    };
  },
);
