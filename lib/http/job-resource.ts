import type * as contract from '#lib/contract/jobs';
import { csvText } from '#lib/http/csv';
import type { Wire } from '#lib/http/endpoint';
import { toCreditType } from '#lib/http/wallet-resource';
import type { Job } from '#lib/jobs/job';
import type { JobRow } from '#lib/jobs/job-row';

export function toJob(job: Job): Wire<typeof contract.job> {
  return {
    job_id: job.id,
    state: job.state,
    progress: job.progress,
    reason: job.state === 'failed' ? job.reason : null,
    created_by: job.createdBy,
    created_at: job.createdAt,
    updated_at: job.updatedAt,
    finished_at: job.finishedAt,
  };
}

export function toBulkResult(row: JobRow): Wire<typeof contract.bulkResult> {
  return {
    row: row.row,
    user_id: row.userId,
    credit_type: toCreditType(row.creditType),
    amount: row.amount,
    outcome: row.outcome,
    code: row.code,
    transaction_id: row.entryId,
    balance: row.balance,
  };
}

const COLUMNS = [
  'row',
  'user_id',
  'credit_type',
  'amount',
  'outcome',
  'code',
  'transaction_id',
  'balance',
] as const;

/** The results of a job's rows as a file. */
export function bulkResultsCsv(rows: readonly JobRow[]): string {
  const cells = rows.map((row) => {
    const result = toBulkResult(row);
    return COLUMNS.map((column) => result[column]);
  });
  return csvText(COLUMNS, cells);
}
