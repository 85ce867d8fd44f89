import * as z from 'zod';

import { AwsError } from '#infra/local/services/aws-error';
import { type Operation, parseInput } from '#infra/local/services/aws-http';
import {
  changeAttributes,
  deadLetterOf,
  numberAttribute,
  type QueueAttributes,
  withDefaults,
} from '#infra/local/services/sqs-attributes';
import type { QueueRecord, SqsStore } from '#infra/local/services/sqs-store';

/** One queue as `GET /local/queues` shows it. */
export interface QueueStatus {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  readonly visible: number;
  /** Received and not yet deleted: being handled, or waiting for its retry. */
  readonly in_flight: number;
  readonly delayed: number;
  /** When the next message in flight or delayed becomes visible, on the stack's clock. */
  readonly next_visible_at: string | null;
  /** Where its messages go after too many failures. */
  readonly dead_letter_queue: string | null;
  /** Whether other queues send their failures here, so that nobody is expected to empty it. */
  readonly is_dead_letter_queue: boolean;
  /** Nothing visible and nothing in flight. */
  readonly idle: boolean;
}

export interface QueueAdmin {
  /** The queue of a URL, whatever its host was. Throws `QueueDoesNotExist`. */
  find(url: string): QueueRecord;
  arnOf(name: string): string;
  /**
   * Makes the queue or gives it exactly these attributes; its messages stay. All values are texts,
   * as SQS has them (`RedrivePolicy` is JSON), and a dead-letter queue has to be made first.
   */
  ensure(queue: { readonly name: string; readonly attributes: QueueAttributes }): {
    readonly url: string;
    readonly arn: string;
  };
  list(): QueueStatus[];
  /**
   * Moves failed messages back to the queue in which they failed, with a new id and a new count.
   * The name is that of a dead-letter queue or of the queue itself. Answers how many moved.
   */
  redrive(name: string): number;
  purge(name: string): void;
  readonly operations: Readonly<Record<string, Operation>>;
}

const attributesSchema = z.record(z.string(), z.string());
const byUrl = z.object({ QueueUrl: z.string().min(1) });

/** The operations on queues themselves, for callers over HTTP and for the stack in this process. */
export function queueAdmin(parts: {
  readonly store: SqsStore;
  readonly now: () => number;
  readonly address: () => string;
  readonly region: string;
  readonly accountId: string;
  readonly arrived: (queue: string) => void;
}): QueueAdmin {
  const { store, now, region, accountId, arrived } = parts;
  const urlOf = (name: string): string => `${parts.address()}/${accountId}/${name}`;
  const arnOf = (name: string): string => `arn:aws:sqs:${region}:${accountId}:${name}`;

  const named = (name: string): QueueRecord => {
    const queue = store.getQueue(name);
    if (queue === undefined) {
      throw new AwsError('QueueDoesNotExist', `The queue "${name}" does not exist.`, {
        queryCode: 'AWS.SimpleQueueService.NonExistentQueue',
      });
    }
    return queue;
  };
  const find = (url: string): QueueRecord => named(url.split('/').at(-1) ?? '');
  const write = (name: string, attributes: QueueAttributes): void => {
    const deadLetter = deadLetterOf(attributes);
    // A redrive policy to nowhere would lose messages at the moment they matter.
    if (deadLetter !== undefined) named(deadLetter.queue);
    const time = now();
    store.putQueue({ name, attributes, created_at: time, modified_at: time });
  };
  const status = (queue: QueueRecord, targets: ReadonlySet<string>): QueueStatus => {
    const { name, attributes } = queue;
    const { next_visible_at, ...counts } = store.counts(
      name,
      numberAttribute(attributes, 'MessageRetentionPeriod'),
    );
    return {
      name,
      url: urlOf(name),
      arn: arnOf(name),
      ...counts,
      next_visible_at: next_visible_at === null ? null : new Date(next_visible_at).toISOString(),
      dead_letter_queue: deadLetterOf(attributes)?.queue ?? null,
      is_dead_letter_queue: targets.has(name),
      idle: counts.visible === 0 && counts.in_flight === 0,
    };
  };
  const list = (): QueueStatus[] => {
    const queues = store.listQueues();
    const targets = new Set(
      queues.flatMap(({ attributes }) => deadLetterOf(attributes)?.queue ?? []),
    );
    return queues.map((queue) => status(queue, targets));
  };
  const redrive = (name: string): number => {
    const deadLetter = deadLetterOf(named(name).attributes);
    const moved =
      deadLetter === undefined
        ? store.redrive({ deadLetterQueue: name })
        : store.redrive({ deadLetterQueue: deadLetter.queue, source: name });
    for (const queue of store.listQueues()) arrived(queue.name);
    return moved;
  };

  const operations = queueOperations({ store, named, find, write, urlOf, arnOf });
  return {
    find,
    arnOf,
    list,
    redrive,
    operations,
    purge: (name) => {
      store.purge(named(name).name);
    },
    ensure: ({ name, attributes }) => {
      checkName(name);
      write(name, changeAttributes({}, attributes));
      return { url: urlOf(name), arn: arnOf(name) };
    },
  };
}

/** The same over HTTP, as SQS answers (API reference of 2012-11-05, JSON protocol). */
function queueOperations(parts: {
  readonly store: SqsStore;
  readonly named: (name: string) => QueueRecord;
  readonly find: (url: string) => QueueRecord;
  readonly write: (name: string, attributes: QueueAttributes) => void;
  readonly urlOf: (name: string) => string;
  readonly arnOf: (name: string) => string;
}): Readonly<Record<string, Operation>> {
  const { store, named, find, write, urlOf, arnOf } = parts;
  return {
    CreateQueue: (input) => {
      const { QueueName: name, Attributes: wanted } = parseInput(
        z.object({ QueueName: z.string(), Attributes: attributesSchema.default({}) }),
        input,
      );
      checkName(name);
      const before = store.getQueue(name);
      const attributes = changeAttributes(before?.attributes ?? {}, wanted);
      if (before === undefined) write(name, attributes);
      else if (
        Object.keys(wanted).some((key) => withDefaults(before.attributes)[key] !== wanted[key])
      ) {
        throw new AwsError(
          'QueueNameExists',
          'A queue exists with the same name and other attributes.',
          {
            queryCode: 'QueueAlreadyExists',
          },
        );
      }
      return { QueueUrl: urlOf(name) };
    },
    DeleteQueue: (input) => {
      store.deleteQueue(find(parseInput(byUrl, input).QueueUrl).name);
    },
    GetQueueUrl: (input) => {
      const { QueueName } = parseInput(z.object({ QueueName: z.string() }), input);
      return { QueueUrl: urlOf(named(QueueName).name) };
    },
    ListQueues: (input) => {
      const { QueueNamePrefix: prefix } = parseInput(
        z.object({ QueueNamePrefix: z.string().default('') }),
        input,
      );
      const names = store.listQueues().map(({ name }) => name);
      return { QueueUrls: names.filter((name) => name.startsWith(prefix)).map(urlOf) };
    },
    GetQueueAttributes: (input) => {
      const { QueueUrl, AttributeNames: names } = parseInput(
        byUrl.extend({ AttributeNames: z.array(z.string()).default([]) }),
        input,
      );
      const queue = find(QueueUrl);
      const counts = store.counts(
        queue.name,
        numberAttribute(queue.attributes, 'MessageRetentionPeriod'),
      );
      const all = {
        ...withDefaults(queue.attributes),
        QueueArn: arnOf(queue.name),
        CreatedTimestamp: String(Math.floor(queue.created_at / 1_000)),
        LastModifiedTimestamp: String(Math.floor(queue.modified_at / 1_000)),
        ApproximateNumberOfMessages: String(counts.visible),
        ApproximateNumberOfMessagesNotVisible: String(counts.in_flight),
        ApproximateNumberOfMessagesDelayed: String(counts.delayed),
      };
      const chosen = Object.entries(all).filter(
        ([name]) => names.includes('All') || names.includes(name),
      );
      return { Attributes: Object.fromEntries(chosen) };
    },
    SetQueueAttributes: (input) => {
      const { QueueUrl, Attributes } = parseInput(
        byUrl.extend({ Attributes: attributesSchema }),
        input,
      );
      const queue = find(QueueUrl);
      write(queue.name, changeAttributes(queue.attributes, Attributes));
    },
    PurgeQueue: (input) => {
      store.purge(find(parseInput(byUrl, input).QueueUrl).name);
    },
  };
}

function checkName(name: string): void {
  if (!/^[\w-]{1,80}$/.test(name)) {
    throw new AwsError(
      'InvalidParameterValue',
      'A queue name is 1 to 80 of A-Z a-z 0-9 _ - (the local stack has no FIFO queues).',
    );
  }
}
