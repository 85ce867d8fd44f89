import * as z from 'zod';
import { BULK_BYTES_MAX, BULK_ROWS_MAX, bulkRow } from '#lib/contract/bulk';
import { idOf } from '#lib/contract/ids';
import { bulkJob, bulkPrediction, job } from '#lib/contract/jobs';
import { listQuery } from '#lib/contract/queries';
import { rateLimits } from '#lib/contract/rate-limits';
import { route } from '#lib/contract/route';

/** Credits for many users at once. */
export const adminBulkRoutes = {
  startBulk: route({
    name: 'startBulk',
    method: 'POST',
    path: '/admin/credits/bulk',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.adjust' },
    summary: 'Adds or takes credits row by row; with dry_run it only tells what would happen',
    query: z.strictObject({ dry_run: z.enum(['true', 'false']).optional() }),
    body: z
      .strictObject({
        rows: z.array(bulkRow).min(1).max(BULK_ROWS_MAX).optional(),
        csv: z
          .string()
          .optional()
          .meta({ description: 'What a body of type text/csv is taken for.' }),
      })
      .refine(
        (body) => (body.rows === undefined) !== (body.csv === undefined),
        'must have either rows or csv',
      ),
    upload: { bytesMax: BULK_BYTES_MAX },
    idempotent: true,
    limit: rateLimits.bulk,
    answers: { 200: bulkPrediction, 202: job },
    errors: ['CONTENTION'],
  }),
  getBulk: route({
    name: 'getBulk',
    method: 'GET',
    path: '/admin/credits/bulk/{job_id}',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.adjust' },
    summary: 'How far a bulk run is, and what became of its rows',
    params: z.strictObject({ job_id: idOf('job') }),
    query: z.strictObject({ format: z.enum(['json', 'csv']).optional(), ...listQuery.shape }),
    files: { formats: ['csv'], only: false },
    answers: { 200: bulkJob },
    errors: ['NOT_FOUND', 'INVALID_CURSOR'],
  }),
};
