import * as z from 'zod';
import { bulkTaskSchema } from '#lib/bulk/bulk-task';
import { reconciliationTaskSchema } from '#lib/purchases/reconciliation-task';

/** What a job is to do and how far it is, in the words of its kind. A new kind is one schema here and its slice in `functions/jobs/kinds.ts`. */
export const jobTaskSchema = z.union([reconciliationTaskSchema, bulkTaskSchema]);
export type JobTask = z.infer<typeof jobTaskSchema>;
export type JobKind = JobTask['kind'];
