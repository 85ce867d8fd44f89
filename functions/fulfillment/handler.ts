import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { fulfillBatch } from '#functions/fulfillment/fulfill-batch';
import { createLog } from '#lib/http/log';
import { createMetrics } from '#lib/http/metrics';
import { requireVariable } from '#lib/http/runtime';
import { createHistoryStore } from '#lib/store/history-store';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';

// A batch of ten shares 30 s: one contended wallet must leave time for the others.
const RETRY_BUDGET_MS = 5_000;

const count = createMetrics();
const table = lambdaTable({
  name: requireVariable(process.env, 'TABLE_NAME'),
  retryBudgetMs: RETRY_BUDGET_MS,
  onConflict: () => count('ConflictRetries'),
});
const dependencies = {
  store: createLedgerStore(table),
  history: createHistoryStore(table),
  livemode: requireVariable(process.env, 'STRIPE_LIVEMODE') === 'true',
  now: () => new Date(),
  count,
  log: createLog(),
};

/** Provider events from the queue, verified by their receivers. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  return fulfillBatch(dependencies, event.Records);
}
