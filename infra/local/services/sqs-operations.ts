import * as z from 'zod';

import { AwsError } from '#infra/local/services/aws-error';
import { type Operation, parseInput } from '#infra/local/services/aws-http';
import {
  attributesDigest,
  bodyDigest,
  deadLetterOf,
  MESSAGE_BYTES_MAX,
  messageAttributesSchema,
  messageBytes,
  nameOfArn,
  numberAttribute,
} from '#infra/local/services/sqs-attributes';
import type { QueueAdmin } from '#infra/local/services/sqs-queues';
import type {
  NewMessage,
  QueueRecord,
  SqsStore,
  StoredMessage,
} from '#infra/local/services/sqs-store';

const BATCH_ENTRIES_MAX = 10;

/** Waits until a queue may have a message; false when the time is over or the caller is gone. */
export type WaitForMessage = (wait: {
  readonly queue: string;
  readonly untilMs: number;
  readonly signal: AbortSignal;
}) => Promise<boolean>;

const queueUrl = { QueueUrl: z.string().min(1) };
const visibility = z.int().min(0).max(43_200);
const outgoing = {
  MessageBody: z.string(),
  DelaySeconds: z.int().min(0).max(900).optional(),
  MessageAttributes: messageAttributesSchema.default({}),
};
const sendSchema = z.object({ ...queueUrl, ...outgoing });
const receiveSchema = z.object({
  ...queueUrl,
  MaxNumberOfMessages: z.int().min(1).max(10).default(1),
  VisibilityTimeout: visibility.optional(),
  WaitTimeSeconds: z.int().min(0).max(20).optional(),
  AttributeNames: z.array(z.string()).default([]),
  MessageSystemAttributeNames: z.array(z.string()).default([]),
  MessageAttributeNames: z.array(z.string()).default([]),
});
const deleteSchema = z.object({ ...queueUrl, ReceiptHandle: z.string() });
const changeSchema = z.object({
  ...queueUrl,
  ReceiptHandle: z.string(),
  VisibilityTimeout: visibility,
});
const batchEntry = { Id: z.string() };
const sendEntry = z.object({ ...batchEntry, ...outgoing });
const deleteEntry = z.object({ ...batchEntry, ReceiptHandle: z.string() });
const changeEntry = z.object({
  ...batchEntry,
  ReceiptHandle: z.string(),
  VisibilityTimeout: visibility,
});

/** The operations on messages, as SQS answers them (API reference of 2012-11-05, JSON protocol). */
export function messageOperations(parts: {
  readonly store: SqsStore;
  readonly queues: QueueAdmin;
  readonly waitForMessage: WaitForMessage;
  readonly arrived: (queue: string) => void;
}): Readonly<Record<string, Operation>> {
  const { store, queues, waitForMessage, arrived } = parts;

  const send = (queue: QueueRecord, messages: readonly NewMessage[]): string[] => {
    const ids = store.send(messages);
    arrived(queue.name);
    return ids;
  };
  const remove = (queue: QueueRecord, receipt: string): void => {
    store.remove(queue.name, checkReceipt(receipt));
  };
  const changeVisibility = (
    queue: QueueRecord,
    change: { readonly ReceiptHandle: string; readonly VisibilityTimeout: number },
  ): void => {
    const receipt = checkReceipt(change.ReceiptHandle);
    const seconds = change.VisibilityTimeout;
    if (!store.changeVisibility({ queue: queue.name, receipt, seconds })) {
      throw new AwsError('MessageNotInflight', 'The message is not in flight.', {
        queryCode: 'AWS.SimpleQueueService.MessageNotInflight',
      });
    }
    arrived(queue.name);
  };

  return {
    SendMessage: (input) => {
      const request = parseInput(sendSchema, input);
      const queue = queues.find(request.QueueUrl);
      const [id] = send(queue, [toMessage(queue, request)]);
      return { MessageId: id, ...digests(request) };
    },
    SendMessageBatch: (input) => {
      const { queue, entries } = readBatch(queues, sendEntry, input);
      const total = entries.reduce(
        (sum, entry) => sum + messageBytes(entry.MessageBody, entry.MessageAttributes),
        0,
      );
      if (total > MESSAGE_BYTES_MAX) {
        throw batchError('BatchRequestTooLong', 'The batch is larger than 1048576 bytes.');
      }
      return eachEntry(entries, (entry) => {
        const [id] = send(queue, [toMessage(queue, entry)]);
        return { MessageId: id, ...digests(entry) };
      });
    },
    ReceiveMessage: async (input, signal) => {
      const request = parseInput(receiveSchema, input);
      const { name, attributes } = queues.find(request.QueueUrl);
      const waitSeconds =
        request.WaitTimeSeconds ?? numberAttribute(attributes, 'ReceiveMessageWaitTimeSeconds');
      // Real time: a long poll is a connection, the stack's clock does not hurry it.
      const untilMs = Date.now() + waitSeconds * 1_000;
      for (;;) {
        // Read again after each wait: the queue may have changed or gone.
        const current = queues.find(request.QueueUrl).attributes;
        const received = store.receive({
          queue: name,
          max: request.MaxNumberOfMessages,
          visibilitySeconds:
            request.VisibilityTimeout ?? numberAttribute(current, 'VisibilityTimeout'),
          retentionSeconds: numberAttribute(current, 'MessageRetentionPeriod'),
          deadLetter: deadLetterOf(current),
        });
        const more =
          received.length === 0 && (await waitForMessage({ queue: name, untilMs, signal }));
        if (!more) return toReceived(received, request, queues);
      }
    },
    DeleteMessage: (input) => {
      const request = parseInput(deleteSchema, input);
      remove(queues.find(request.QueueUrl), request.ReceiptHandle);
    },
    DeleteMessageBatch: (input) => {
      const { queue, entries } = readBatch(queues, deleteEntry, input);
      return eachEntry(entries, (entry) => {
        remove(queue, entry.ReceiptHandle);
        return {};
      });
    },
    ChangeMessageVisibility: (input) => {
      const request = parseInput(changeSchema, input);
      changeVisibility(queues.find(request.QueueUrl), request);
    },
    ChangeMessageVisibilityBatch: (input) => {
      const { queue, entries } = readBatch(queues, changeEntry, input);
      return eachEntry(entries, (entry) => {
        changeVisibility(queue, entry);
        return {};
      });
    },
    StartMessageMoveTask: (input) => {
      const { SourceArn, DestinationArn } = parseInput(
        z.object({ SourceArn: z.string(), DestinationArn: z.string().optional() }),
        input,
      );
      if (DestinationArn !== undefined) {
        throw new AwsError('UnsupportedOperation', 'Messages only move back to their source here.');
      }
      return { TaskHandle: `moved-${queues.redrive(nameOfArn(SourceArn))}` };
    },
  };
}

type Outgoing = z.infer<typeof sendSchema> | z.infer<typeof sendEntry>;

function toMessage(queue: QueueRecord, request: Outgoing): NewMessage {
  const { MessageBody: body, MessageAttributes: attributes } = request;
  if (body === '') throw new AwsError('MissingParameter', 'The request must contain MessageBody.');
  // What XML 1.0 cannot carry, SQS refuses.
  if (/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u.test(body)) {
    throw new AwsError('InvalidMessageContents', 'The body holds characters that are not allowed.');
  }
  const limit = numberAttribute(queue.attributes, 'MaximumMessageSize');
  if (messageBytes(body, attributes) > limit) {
    throw new AwsError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`,
    );
  }
  const delaySeconds = request.DelaySeconds ?? numberAttribute(queue.attributes, 'DelaySeconds');
  return { queue: queue.name, body, attributes, delaySeconds };
}

function digests(request: Outgoing) {
  return {
    MD5OfMessageBody: bodyDigest(request.MessageBody),
    MD5OfMessageAttributes: attributesDigest(request.MessageAttributes),
  };
}

function toReceived(
  messages: readonly StoredMessage[],
  request: z.infer<typeof receiveSchema>,
  queues: QueueAdmin,
) {
  const wanted = [...request.AttributeNames, ...request.MessageSystemAttributeNames];
  const wants = (names: readonly string[], name: string): boolean =>
    names.some(
      (pattern) =>
        pattern === 'All' ||
        pattern === name ||
        (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -2))),
    );
  const pick = <T>(all: Readonly<Record<string, T>>, names: readonly string[]) => {
    const chosen = Object.entries(all).filter(([name]) => wants(names, name));
    return chosen.length === 0 ? undefined : Object.fromEntries(chosen);
  };
  if (messages.length === 0) return {};
  return {
    Messages: messages.map((message) => {
      const attributes = pick(message.attributes, request.MessageAttributeNames);
      return {
        MessageId: message.id,
        ReceiptHandle: message.receipt,
        Body: message.body,
        MD5OfBody: bodyDigest(message.body),
        Attributes: pick(systemAttributes(message, queues), wanted),
        MessageAttributes: attributes,
        MD5OfMessageAttributes: attributes && attributesDigest(attributes),
      };
    }),
  };
}

function systemAttributes(message: StoredMessage, queues: QueueAdmin): Record<string, string> {
  return {
    SenderId: 'AIDALOCALSTACKSENDER',
    SentTimestamp: String(message.sent_at),
    ApproximateReceiveCount: String(message.receive_count),
    ApproximateFirstReceiveTimestamp: String(message.first_received_at),
    ...(message.source === null ? {} : { DeadLetterQueueSourceArn: queues.arnOf(message.source) }),
  };
}

/** A receipt of this stand-in, current or outdated; anything else never came from a queue. */
function checkReceipt(receipt: string): string {
  const decoded = Buffer.from(receipt, 'base64url').toString('utf8');
  if (!/^[0-9a-f-]{36}:[0-9a-f-]{36}$/.test(decoded)) {
    throw new AwsError('ReceiptHandleIsInvalid', `The receipt handle "${receipt}" is not valid.`);
  }
  return receipt;
}

function readBatch<T extends { readonly Id: string }>(
  queues: QueueAdmin,
  entry: z.ZodType<T>,
  input: unknown,
): { readonly queue: QueueRecord; readonly entries: readonly T[] } {
  const schema = z.object({ ...queueUrl, Entries: z.array(entry).default([]) });
  const { QueueUrl, Entries: entries } = parseInput(schema, input);
  const queue = queues.find(QueueUrl);
  const ids = entries.map(({ Id }) => Id);
  if (ids.length === 0) throw batchError('EmptyBatchRequest', 'The batch has no entries.');
  if (ids.length > BATCH_ENTRIES_MAX) {
    throw batchError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${BATCH_ENTRIES_MAX}. You have sent ${ids.length}.`,
    );
  }
  if (new Set(ids).size !== ids.length) {
    throw batchError('BatchEntryIdsNotDistinct', 'Two or more batch entries have the same Id.');
  }
  if (ids.some((id) => !/^[\w-]{1,80}$/.test(id))) {
    throw batchError('InvalidBatchEntryId', 'A batch entry id is 1 to 80 of A-Z a-z 0-9 _ -.');
  }
  return { queue, entries };
}

function batchError(code: string, message: string): AwsError {
  return new AwsError(code, message, { queryCode: `AWS.SimpleQueueService.${code}` });
}

/** Each entry of a batch succeeds or fails for itself. */
function eachEntry<T extends { readonly Id: string }>(
  entries: readonly T[],
  run: (entry: T) => Readonly<Record<string, unknown>>,
) {
  const Successful: unknown[] = [];
  const Failed: unknown[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const { code: Code, message: Message } = error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code, Message });
    }
  }
  return { Successful, Failed };
}
