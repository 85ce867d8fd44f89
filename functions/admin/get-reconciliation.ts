import type { AdminDependencies } from '#functions/admin/dependencies';
import type { reconciliation } from '#lib/contract/reconciliation';
import { adminReconciliationRoutes } from '#lib/contract/routes/admin-reconciliation';
import { endpoint, type Wire } from '#lib/http/endpoint';
import { PAYMENT_PROVIDERS } from '#lib/payments/payment-event';
import type { Reconciliation } from '#lib/purchases/reconciliation';

/** Of each provider: a day of them. */
const REPORTS_MAX = 24;

/** GET /admin/credits/reconciliation */
export const getReconciliation = endpoint(
  adminReconciliationRoutes.getReconciliation,
  async ({ query }, { reconciliations }: AdminDependencies) => {
    const providers = query.provider === undefined ? PAYMENT_PROVIDERS : [query.provider];
    const reports = await Promise.all(
      providers.map((provider) => reconciliations.latest({ provider, limit: REPORTS_MAX })),
    );
    return { status: 200, body: { reconciliations: reports.flat().map(toReconciliation) } };
  },
);

function toReconciliation({ findings, ...report }: Reconciliation): Wire<typeof reconciliation> {
  return {
    ...report,
    findings: findings.map(({ purchaseId, ...finding }) => ({
      ...finding,
      purchase_id: purchaseId,
    })),
  };
}
