import * as z from 'zod';
import { creditType } from '#lib/contract/credit-types';
import { EXPORT_FORMATS } from '#lib/contract/file-formats';
import { periodEnd, periodStart } from '#lib/contract/fields';
import { idOf, userId } from '#lib/contract/ids';
import { exportJob, job } from '#lib/contract/jobs';
import { rateLimits } from '#lib/contract/rate-limits';
import { route } from '#lib/contract/route';
import { transactionType } from '#lib/contract/wire';

/** Transactions of all users as a file. */
export const adminExportRoutes = {
  exportTransactions: route({
    name: 'exportTransactions',
    method: 'GET',
    path: '/admin/credits/export',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.report' },
    summary: 'Transactions as a file: a short one at once, a long one as a job',
    query: z.strictObject({
      user_id: userId.optional(),
      credit_type: creditType.optional(),
      type: transactionType.optional(),
      actor: z
        .string()
        .regex(/^[a-z]+(:[A-Za-z0-9_.-]{1,128})?$/, 'must be an actor, such as admin:ann')
        .optional(),
      from: periodStart.optional(),
      to: periodEnd.optional(),
      format: z.enum(EXPORT_FORMATS).default('csv'),
    }),
    limit: rateLimits.export,
    files: { formats: EXPORT_FORMATS, only: true },
    answers: { 200: z.string(), 202: job },
    errors: ['CONTENTION'],
  }),
  getExport: route({
    name: 'getExport',
    method: 'GET',
    path: '/admin/credits/export/{job_id}',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.report' },
    summary: 'How far an export is, and a link to its file when it is done',
    params: z.strictObject({ job_id: idOf('job') }),
    answers: { 200: exportJob },
    errors: ['NOT_FOUND'],
  }),
};
