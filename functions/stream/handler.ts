import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { publishRecords } from '#functions/stream/publish-records';
import { createLog } from '#lib/http/log';
import { requireVariable } from '#lib/http/runtime';
import { createEventBus } from '#lib/messaging/event-bus';
import { createQueue } from '#lib/messaging/queue';

const { env } = process;
const dependencies = {
  bus: createEventBus(requireVariable(env, 'EVENT_BUS_NAME')),
  notifications: createQueue(requireVariable(env, 'NOTIFICATIONS_QUEUE_URL')),
  log: createLog(),
};

/** The table's stream: the only publisher of facts (DESIGN 7). */
export async function handler(event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  return publishRecords(dependencies, event.Records);
}
