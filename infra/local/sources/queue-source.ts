import { setTimeout as pause } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

import type { Clock } from '#infra/local/clock';
import type { Invoker } from '#infra/local/lambda/invoker';
import { failedItems } from '#infra/local/sources/batch-failures';
import { compilePattern } from '#infra/local/sources/event-pattern';
import type { QueueModel, QueueSourceModel } from '#infra/local/template/model';
import type { Place } from '#infra/local/template/resolve';

/** What keeps calling functions by itself. */
export interface EventSource {
  /** Whether it has nothing to do now; what waits for a retry at a later time does not count. */
  idle(): boolean;
  close(): Promise<void>;
}

export interface QueueSourceOptions {
  readonly source: QueueSourceModel;
  readonly queue: QueueModel;
  /** Messages of the queue, from the queue's own point of view. */
  readonly counts: () => { readonly visible: number; readonly in_flight: number };
  readonly client: SQSClient;
  readonly invoker: Pick<Invoker, 'invoke'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly place: Place;
  readonly log: (line: string) => void;
}

const WAIT_SECONDS = 20;
/** SQS hands out ten at a time; larger batches only save calls. */
const RECEIVE_MAX = 10;
const CONCURRENCY_DEFAULT = 5;
const ERROR_PAUSE_MS = 200;

/**
 * Lambda's poller of one queue: long polls, hands over batches, deletes what was handled. What failed
 * stays in the queue, where the visibility timeout brings it back and the redrive policy ends it.
 */
export function startQueueSource(options: QueueSourceOptions): EventSource {
  const { counts, client, queue, source } = options;
  const stop = new AbortController();
  const isStopped = (): boolean => stop.signal.aborted;
  const batches = new Set<Promise<void>>();
  const waiting = createRetryList(options);
  const concurrency = source.maximumConcurrency ?? CONCURRENCY_DEFAULT;

  const receive = async (): Promise<readonly Message[]> => {
    const received = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queue.url,
        MaxNumberOfMessages: Math.min(source.batchSize, RECEIVE_MAX),
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
        WaitTimeSeconds: WAIT_SECONDS,
      }),
      { abortSignal: stop.signal },
    );
    return received.Messages ?? [];
  };
  const poll = async (): Promise<void> => {
    while (!isStopped()) {
      try {
        const messages = await receive();
        if (messages.length > 0) {
          const batch = handle({ ...options, messages, waiting }).finally(() => {
            batches.delete(batch);
          });
          batches.add(batch);
        }
        if (batches.size >= concurrency) await Promise.race(batches);
      } catch (error) {
        if (isStopped()) break;
        options.log(`Queue ${queue.name}: ${String(error)}`);
        await pause(ERROR_PAUSE_MS);
      }
    }
  };
  const polling = poll();

  return {
    idle: () => {
      const { in_flight, visible } = counts();
      return visible === 0 && batches.size === 0 && in_flight <= waiting.size();
    },
    close: async () => {
      stop.abort();
      await polling;
      await Promise.all(batches);
    },
  };
}

async function handle(
  batch: QueueSourceOptions & {
    readonly messages: readonly Message[];
    readonly waiting: RetryList;
  },
): Promise<void> {
  const { invoker, log, place, queue, source, waiting } = batch;
  for (const { MessageId } of batch.messages) waiting.delete(MessageId ?? '');
  const wanted = batch.messages.filter(accepts(source));
  const ids = wanted.map(({ MessageId }) => MessageId ?? '');
  let failed: ReadonlySet<string> = new Set();
  if (wanted.length > 0) {
    const result = await invoker.invoke(source.functionName, {
      Records: wanted.map((message) => toRecord({ message, place, queue })),
    });
    failed = failedItems(result, { ids, reportsItems: source.reportBatchItemFailures });
    if (failed.size > 0)
      log(`${source.functionName} could not handle ${failed.size} of ${queue.name}.`);
  }
  for (const id of failed) waiting.add(id);
  // A message that no filter wants is done with, too.
  const done = batch.messages.filter(({ MessageId }) => !failed.has(MessageId ?? ''));
  await deleteMessages(batch, done);
}

async function deleteMessages(
  { client, log, queue }: QueueSourceOptions,
  messages: readonly Message[],
): Promise<void> {
  if (messages.length === 0) return;
  try {
    await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queue.url,
        Entries: messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );
  } catch (error) {
    // The messages come again, which every consumer has to stand anyway.
    log(`Queue ${queue.name}: handled messages were not deleted: ${String(error)}`);
  }
}

function accepts({ filters }: QueueSourceModel): (message: Message) => boolean {
  if (filters.length === 0) return () => true;
  const matchers = filters.map(compilePattern);
  return ({ Body = '' }) => {
    let body: unknown = Body;
    try {
      body = JSON.parse(Body);
    } catch {
      // A body that is not JSON is matched as the text it is.
    }
    return matchers.some((matches) => matches({ body }));
  };
}

function toRecord(delivery: {
  readonly message: Message;
  readonly place: Place;
  readonly queue: QueueModel;
}): object {
  const { message, place, queue } = delivery;
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, attribute]) => [
        name,
        {
          stringValue: attribute.StringValue,
          ...(attribute.BinaryValue && {
            binaryValue: Buffer.from(attribute.BinaryValue).toString('base64'),
          }),
          stringListValues: [],
          binaryListValues: [],
          dataType: attribute.DataType,
        },
      ]),
    ),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:${place.region}:${place.accountId}:${queue.name}`,
    awsRegion: place.region,
  };
}

interface RetryList {
  add(messageId: string): void;
  delete(messageId: string): void;
  /** How many messages are in flight only because they wait for their visibility timeout. */
  size(): number;
}

/**
 * Tells a message that waits for its retry from one that is on its way to us: both are in flight for
 * the queue. What was in flight before this start belongs to a process that is gone.
 */
function createRetryList({ clock, counts, queue }: QueueSourceOptions): RetryList {
  const visibleAt = (): number => clock.now().getTime() + queue.visibilityTimeoutMs;
  const waiting = new Map<string, number>(
    Array.from({ length: counts().in_flight }, (_, index) => [`before ${index}`, visibleAt()]),
  );
  return {
    add: (messageId) => {
      waiting.set(messageId, visibleAt());
    },
    delete: (messageId) => {
      waiting.delete(messageId);
    },
    size: () => {
      const now = clock.now().getTime();
      for (const [messageId, time] of waiting) if (time <= now) waiting.delete(messageId);
      return waiting.size;
    },
  };
}
