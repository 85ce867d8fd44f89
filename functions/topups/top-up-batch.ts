import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { Log } from '#lib/http/log';
import { parseTopUpMessage } from '#lib/messaging/top-up-queue';
import { type AdvanceDependencies, advanceTopUp } from '#lib/topups/advance-top-up';

export interface TopUpDependencies extends AdvanceDependencies {
  readonly log: Log;
}

/** Takes each wallet's top-up as far as it goes; a message that failed comes again. */
export async function topUpBatch(
  deps: TopUpDependencies,
  records: readonly Pick<SQSRecord, 'messageId' | 'body'>[],
): Promise<SQSBatchResponse> {
  const failed: string[] = [];
  for (const { body, messageId } of records) {
    try {
      await topUpMessage(deps, { body, messageId });
    } catch (error) {
      // Whatever it was, the queue tries again and in the end keeps the message for a person.
      deps.log.error('a top-up failed', { message_id: messageId, error });
      failed.push(messageId);
    }
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

async function topUpMessage(
  deps: TopUpDependencies,
  message: Pick<SQSRecord, 'messageId' | 'body'>,
): Promise<void> {
  const wallet = parseTopUpMessage(message.body);
  const advanced = await advanceTopUp(deps, wallet);
  const about = { message_id: message.messageId };
  switch (advanced.kind) {
    case 'idle':
      deps.log.info('top-up idle', about);
      return;
    case 'waiting': {
      const { detail: reason, purchaseId: purchase_id } = advanced;
      deps.log.warn('top-up waits for its payment', { ...about, purchase_id, reason });
      return;
    }
    case 'refused':
      deps.log.info('top-up refused', { ...about, reason: advanced.reason });
  }
}
