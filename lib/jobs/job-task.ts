import * as z from 'zod';
import { refundProjectTaskSchema } from '#lib/applications/refund-project-task';
import { exportTaskSchema } from '#lib/exports/export-task';
import { bulkTaskSchema } from '#lib/bulk/bulk-task';
import { reconciliationTaskSchema } from '#lib/purchases/reconciliation-task';

/** What a job is to do and how far it is, in the words of its kind. A new kind is one schema here and its slice in `functions/jobs/kinds.ts`. */
export const jobTaskSchema = z.union([
  reconciliationTaskSchema,
  bulkTaskSchema,
  refundProjectTaskSchema,
  exportTaskSchema,
]);
export type JobTask = z.infer<typeof jobTaskSchema>;
export type JobKind = JobTask['kind'];
