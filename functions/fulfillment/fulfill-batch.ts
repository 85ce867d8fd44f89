import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import {
  fulfillMessage,
  type FulfillmentDependencies,
} from '#functions/fulfillment/fulfill-message';

export interface QueuedDelivery extends Pick<SQSRecord, 'messageId' | 'body'> {
  readonly attributes: Pick<SQSRecord['attributes'], 'ApproximateReceiveCount'>;
}

/**
 * Works through a batch one by one, so that a batch about one wallet does not race itself, and names the messages that
 * failed: only those come again (DESIGN 6).
 */
export async function fulfillBatch(
  deps: FulfillmentDependencies,
  records: readonly QueuedDelivery[],
): Promise<SQSBatchResponse> {
  const failed: string[] = [];
  for (const { messageId, body, attributes } of records) {
    const deliveries = Number(attributes.ApproximateReceiveCount);
    try {
      await fulfillMessage(deps, { id: messageId, body, deliveries });
    } catch (error) {
      // Whatever it was, the queue tries again and in the end keeps the message for a person.
      deps.log.error('message not fulfilled', { message_id: messageId, error });
      failed.push(messageId);
    }
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
