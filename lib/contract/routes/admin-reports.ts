import * as z from 'zod';
import {
  analytics,
  periodQuery,
  report,
  REPORT_FORMATS,
  transactionList,
  transactionsQuery,
} from '#lib/contract/reports';
import { route } from '#lib/contract/route';

/** What support looks up, and what finance reports. */
export const adminReportRoutes = {
  listTransactions: route({
    name: 'listTransactions',
    method: 'GET',
    path: '/admin/credits/transactions',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.read' },
    summary: 'Transactions of all users, newest first',
    query: transactionsQuery,
    answers: { 200: transactionList },
    errors: ['INVALID_CURSOR'],
  }),
  getAnalytics: route({
    name: 'getAnalytics',
    method: 'GET',
    path: '/admin/credits/analytics',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.report' },
    summary: 'Credits and revenue of a period, by day and by credit type',
    query: z.strictObject(periodQuery),
    answers: { 200: analytics },
    errors: ['REPORT_NOT_READY'],
  }),
  getReport: route({
    name: 'getReport',
    method: 'GET',
    path: '/admin/credits/report',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.report' },
    summary: 'The statement of a period: opening, movements, closing',
    query: z.strictObject({ ...periodQuery, format: z.enum(REPORT_FORMATS).default('json') }),
    answers: { 200: z.union([report, z.string()]) },
    errors: ['REPORT_NOT_READY'],
  }),
};
