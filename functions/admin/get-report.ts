import type { AdminDependencies } from '#functions/admin/dependencies';
import { adminReportRoutes } from '#lib/contract/routes/admin-reports';
import { endpoint } from '#lib/http/endpoint';
import { reportOf } from '#lib/http/period';
import { toReport, toReportCsv } from '#lib/http/report-resource';

const CSV_HEADERS = {
  'content-type': 'text/csv; charset=utf-8',
  'content-disposition': 'attachment; filename="credit-report.csv"',
} as const;

/** GET /admin/credits/report */
export const getReport = endpoint(
  adminReportRoutes.getReport,
  async ({ query, request }, { ledger: store, days, money, rollups }: AdminDependencies) => {
    const { from, to, credit_type: creditType, format } = query;
    const sources = { store, days, money, rollups };
    const report = toReport(await reportOf(sources, { from, to, now: request.now }), creditType);
    if (format === 'json') return { status: 200, body: report };
    return { status: 200, body: toReportCsv(report), headers: CSV_HEADERS };
  },
);
