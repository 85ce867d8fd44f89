import * as z from 'zod';
import { creditChange, creditCount } from '#lib/contract/amounts';
import { creditType } from '#lib/contract/credit-types';
import { timestamp } from '#lib/contract/fields';
import { idOf, userId } from '#lib/contract/ids';
import { pagination } from '#lib/contract/wire';

export const job = z
  .strictObject({
    job_id: idOf('job'),
    state: z.enum(['queued', 'running', 'done', 'failed']),
    progress: z.strictObject({
      total: creditCount.nullable().meta({ description: 'Null while it is not known.' }),
      done: creditCount,
      refused: creditCount.meta({ description: 'Of those that are done: they changed nothing.' }),
    }),
    reason: z.string().nullable().meta({ description: 'Why it failed.' }),
    created_by: z.string(),
    created_at: timestamp,
    updated_at: timestamp,
    finished_at: timestamp.nullable(),
  })
  .meta({ id: 'Job', description: 'Work that goes on after the answer: ask until it is done.' });

export const exportJob = z
  .strictObject({
    job,
    url: z.string().nullable().meta({ description: 'Of the file; null until the job is done.' }),
    url_expires_at: timestamp.nullable().meta({ description: 'Ask again for a new link.' }),
  })
  .meta({ id: 'ExportJob' });

export const bulkResult = z
  .strictObject({
    row: z.int().min(1),
    user_id: userId,
    credit_type: creditType,
    amount: creditChange,
    outcome: z.enum(['applied', 'refused']),
    code: z.string().nullable().meta({ description: 'Why it was refused.' }),
    transaction_id: idOf('transaction').nullable(),
    balance: creditCount.meta({ description: 'After it; of a refused row, what it found.' }),
  })
  .meta({ id: 'BulkResult' });

export const bulkPrediction = z
  .strictObject({
    dry_run: z.literal(true),
    totals: z.strictObject({
      rows: creditCount,
      applied: creditCount,
      refused: creditCount,
      credits_added: creditCount,
      credits_taken: creditCount,
    }),
    results: z.array(bulkResult).meta({ description: 'Every row, in order.' }),
  })
  .meta({ id: 'BulkPrediction', description: 'What a run would do now; nothing was changed.' });

export const bulkJob = z
  .strictObject({
    job,
    results: z.array(bulkResult).meta({ description: 'Of the rows that are done, in order.' }),
    pagination,
  })
  .meta({ id: 'BulkJob' });
