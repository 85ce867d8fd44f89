import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { Log } from '#lib/http/log';
import type { CountMetric } from '#lib/http/metrics';
import { parseMessage } from '#lib/notifications/email-request';
import {
  type EmailDependencies,
  EmailPendingError,
  sendEmail,
} from '#lib/notifications/send-email';

export interface NotificationDependencies extends EmailDependencies {
  readonly now: () => Date;
  readonly log: Log;
  readonly count: CountMetric;
  /** Until Lambda ends this call. */
  readonly remainingMs: () => number;
}

/**
 * What one mail may take: connecting to SES, its answer, and the table. A mail that is begun with less could be cut off
 * after SES has taken it and before that is noted, and would be sent again.
 */
const MAIL_MAX_MS = 12_000;

/**
 * Sends the mails of a batch one by one, within SES's rate, and names the messages that have to come again
 * (DESIGN 7): the queue brings them back for hours, and an alarm tells of them long before it gives them up.
 */
export async function notifyBatch(
  deps: NotificationDependencies,
  records: readonly Pick<SQSRecord, 'messageId' | 'body'>[],
): Promise<SQSBatchResponse> {
  const failed: string[] = [];
  for (const { messageId, body } of records) {
    try {
      if (deps.remainingMs() < MAIL_MAX_MS) throw new EmailPendingError('the time is up');
      await notify(deps, { messageId, body });
    } catch (error) {
      const about = { message_id: messageId, error };
      if (error instanceof EmailPendingError) deps.log.warn('e-mail has to wait', about);
      else deps.log.error('e-mail failed', about);
      deps.count('EmailsDelayed');
      failed.push(messageId);
    }
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

async function notify(
  deps: NotificationDependencies,
  message: Pick<SQSRecord, 'messageId' | 'body'>,
): Promise<void> {
  const { log, now } = deps;
  const request = parseMessage(message.body);
  const about = {
    message_id: message.messageId,
    event_type: request.kind,
    about: request.about,
  };
  const outcome = await sendEmail(deps, { request, now });
  switch (outcome.kind) {
    case 'done_before':
      log.info('e-mail was settled before', about);
      break;
    case 'sent':
      if (outcome.recordFailure === null) log.info('e-mail sent', about);
      else log.error('e-mail sent, but not noted', { ...about, error: outcome.recordFailure });
      break;
    case 'rejected':
    case 'skipped':
    case 'unconfirmed':
      log.warn(`e-mail ${outcome.kind}`, { ...about, reason: outcome.reason });
      break;
  }
}
