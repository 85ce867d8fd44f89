import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { notifyBatch } from '#functions/notifications/notify-batch';
import { createLog } from '#lib/http/log';
import { createMetrics } from '#lib/http/metrics';
import { requireVariable } from '#lib/http/runtime';
import { createMailer } from '#lib/messaging/mailer';
import { createLedgerStore } from '#lib/store/ledger-store';
import { lambdaTable } from '#lib/store/lambda-table';

// A batch of ten shares 30 s.
const RETRY_BUDGET_MS = 3_000;

const { env } = process;
const count = createMetrics();
const appName = requireVariable(env, 'APP_NAME');
const dependencies = {
  store: createLedgerStore(
    lambdaTable({
      name: requireVariable(env, 'TABLE_NAME'),
      retryBudgetMs: RETRY_BUDGET_MS,
      onConflict: () => count('ConflictRetries'),
    }),
  ),
  mailer: createMailer({ name: appName, address: requireVariable(env, 'SENDER_EMAIL') }),
  appName,
  financeEmail: requireVariable(env, 'FINANCE_EMAIL'),
  now: () => new Date(),
  log: createLog(),
  count,
};

/** E-mail requests from the queue. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const remainingMs = () => context.getRemainingTimeInMillis();
  return notifyBatch({ ...dependencies, remainingMs }, event.Records);
}
