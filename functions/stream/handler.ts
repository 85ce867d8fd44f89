import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { publishRecords } from '#functions/stream/publish-records';
import { createLog } from '#lib/http/log';
import { requireVariable } from '#lib/http/runtime';
import { createEventBus } from '#lib/messaging/event-bus';
import { createQueue } from '#lib/messaging/queue';
import { createTopUpQueue } from '#lib/messaging/top-up-queue';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';

// A batch of a hundred records shares 60 s; what is not done then comes again.
const RETRY_BUDGET_MS = 5_000;

const { env } = process;
const dependencies = {
  bus: createEventBus(requireVariable(env, 'EVENT_BUS_NAME')),
  notifications: createQueue(requireVariable(env, 'NOTIFICATIONS_QUEUE_URL')),
  store: createLedgerStore(
    lambdaTable({ name: requireVariable(env, 'TABLE_NAME'), retryBudgetMs: RETRY_BUDGET_MS }),
  ),
  topUps: createTopUpQueue(createQueue(requireVariable(env, 'TOPUPS_QUEUE_URL'))),
  log: createLog(),
};

/** The table's stream: the only publisher of facts (DESIGN 7). */
export async function handler(event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  return publishRecords(dependencies, event.Records);
}
