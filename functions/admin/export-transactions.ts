import type { AdminDependencies } from '#functions/admin/dependencies';
import { auditWrite } from '#lib/admin/audit-record';
import { invalidField } from '#lib/contract/problem';
import { adminExportRoutes } from '#lib/contract/routes/admin-export';
import { exportFilterOf } from '#lib/exports/export-filter';
import { startExport } from '#lib/exports/start-export';
import { auditContextOf } from '#lib/http/audit-refusal';
import { endpoint } from '#lib/http/endpoint';
import { renderEntries } from '#lib/http/export-resource';
import { toJob } from '#lib/http/job-resource';

/** GET /admin/credits/export */
export const exportTransactions = endpoint(
  adminExportRoutes.exportTransactions,
  async ({ caller, query, request }, { days, jobQueue: queue, ledger }: AdminDependencies) => {
    const { actor: by, now } = request;
    const filter = exportFilterOf(
      {
        userId: query.user_id ?? null,
        creditType: query.credit_type ?? null,
        type: query.type ?? null,
        actor: query.actor ?? null,
        from: query.from ?? null,
        to: query.to ?? null,
      },
      now,
    );
    if (filter === 'backwards') throw invalidField('from', 'must lie before to');
    if (filter === 'too_long') throw invalidField('from', 'must lie at most ten years before to');
    const audited = auditWrite(auditContextOf({ caller, request }), {
      action: 'exportTransactions',
      userId: filter.userId,
      after: query,
    });
    const deps = { days, queue, store: ledger };
    const { format } = query;
    const outcome = await startExport(deps, { filter, format, by, now, audited });
    if (outcome.kind === 'job') return { status: 202, body: toJob(outcome.job) };
    const text = renderEntries[format](outcome.entries, { header: true });
    const name = `transactions-${filter.from.slice(0, 10)}.${format}`;
    return { status: 200, file: { format, text, name } };
  },
);
