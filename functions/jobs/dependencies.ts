import type { JobQueue } from '#lib/jobs/job-queue';
import { createLog, type Log } from '#lib/http/log';
import { type CountMetric, createMetrics } from '#lib/http/metrics';
import { requireVariable, type Runtime } from '#lib/http/runtime';
import { createJobQueue } from '#lib/messaging/job-queue';
import { createQueue } from '#lib/messaging/queue';
import type { LedgerStore } from '#lib/ports';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';

/** What the slices of all kinds need. */
export interface JobDependencies {
  readonly ledger: LedgerStore;
  readonly queue: JobQueue;
  readonly now: () => Date;
  readonly count: CountMetric;
  readonly log: Log;
}

const RETRY_BUDGET_MS = 15_000;

export function createDependencies({ env, now }: Pick<Runtime, 'env' | 'now'>): JobDependencies {
  const count = createMetrics();
  const table = lambdaTable({
    name: requireVariable(env, 'TABLE_NAME'),
    retryBudgetMs: RETRY_BUDGET_MS,
    onConflict: () => count('ConflictRetries'),
  });
  return {
    ledger: createLedgerStore(table),
    queue: createJobQueue(createQueue(requireVariable(env, 'JOBS_QUEUE_URL'))),
    now,
    count,
    log: createLog(),
  };
}
