import type { AdminDependencies } from '#functions/admin/dependencies';
import { adminReportRoutes } from '#lib/contract/routes/admin-reports';
import { endpoint } from '#lib/http/endpoint';
import { reportOf } from '#lib/http/period';
import { toAnalytics } from '#lib/http/report-resource';

/** GET /admin/credits/analytics */
export const getAnalytics = endpoint(
  adminReportRoutes.getAnalytics,
  async ({ query, request }, { ledger: store, days, money, rollups }: AdminDependencies) => {
    const { from, to, credit_type: creditType } = query;
    const sources = { store, days, money, rollups };
    const report = await reportOf(sources, { from, to, now: request.now });
    return { status: 200, body: toAnalytics(report, creditType) };
  },
);
