import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Clock, createClock } from '#infra/local/clock';
import { type Queues, startQueues } from '#infra/local/services/sqs';
import { openState, type StateStore } from '#infra/local/state';

let state: StateStore;
let clock: Clock;
let queues: Queues;
let sqs: SQSClient;
let url: string;
let directory: string;

const log = (message: string): void => {
  throw new Error(`The stand-in failed: ${message}`);
};
const clientOf = (endpoint: string): SQSClient =>
  new SQSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
const send = (body: string, more: { readonly DelaySeconds?: number } = {}) =>
  sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body, ...more }));
const receive = async (more: Partial<ReceiveMessageCommandInput> = {}) => {
  const request = { QueueUrl: url, MaxNumberOfMessages: 10, ...more };
  return (await sqs.send(new ReceiveMessageCommand(request))).Messages ?? [];
};
const bodies = async (more: Partial<ReceiveMessageCommandInput> = {}) =>
  (await receive(more)).map(({ Body }) => Body);
const statusOf = (name: string) => {
  const status = queues.list().find((queue) => queue.name === name);
  if (status === undefined) throw new Error(`No queue ${name}.`);
  return status;
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'queues-'));
  state = openState(':memory:');
  clock = createClock(state);
  queues = await startQueues({ dataDir: directory, clock, log });
  sqs = clientOf(queues.endpoint);
  url = queues.ensure({ name: 'work', attributes: { VisibilityTimeout: '60' } }).url;
});

afterEach(async () => {
  sqs.destroy();
  await queues.close();
  state.close();
  rmSync(directory, { recursive: true });
});

describe('a queue', () => {
  it('listens on loopback only', () => {
    expect(queues.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('delivers in order, hides what was received, and forgets what was deleted', async () => {
    await send('one');
    await send('two');
    const messages = await receive();
    expect(messages.map(({ Body }) => Body)).toEqual(['one', 'two']);
    expect(await receive()).toEqual([]);
    expect(statusOf('work')).toMatchObject({ visible: 0, in_flight: 2, idle: false });
    for (const { ReceiptHandle } of messages) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    }
    clock.advance(61_000);
    expect(await receive()).toEqual([]);
    expect(statusOf('work')).toMatchObject({ visible: 0, in_flight: 0, idle: true });
  });

  it('delivers again after the visibility timeout on the stack clock, with a higher count', async () => {
    await send('one');
    const MessageSystemAttributeNames = ['All' as const];
    const [first] = await receive({ MessageSystemAttributeNames });
    clock.advance(59_000);
    expect(await receive()).toEqual([]);
    clock.advance(1_000);
    const [second] = await receive({ MessageSystemAttributeNames });
    expect(first?.Attributes?.ApproximateReceiveCount).toBe('1');
    expect(second?.Attributes?.ApproximateReceiveCount).toBe('2');
    expect(second?.Attributes?.SentTimestamp).toBe(first?.Attributes?.SentTimestamp);
    expect(second?.MessageId).toBe(first?.MessageId);

    // The first receipt is outdated: deleting with it must not lose the message.
    const late = { QueueUrl: url, ReceiptHandle: first?.ReceiptHandle };
    await sqs.send(new DeleteMessageCommand(late));
    clock.advance(60_000);
    expect(await bodies()).toEqual(['one']);
  });

  it('keeps delayed messages back until their time on the stack clock', async () => {
    await send('later', { DelaySeconds: 900 });
    expect(statusOf('work')).toMatchObject({ visible: 0, delayed: 1, idle: true });
    clock.advance(900_000);
    expect(await bodies()).toEqual(['later']);
  });

  it('does not lose messages when the clock is set back', async () => {
    clock.set(new Date('2031-01-01T00:00:00Z'));
    await send('waiting');
    await send('in flight');
    await receive({ MaxNumberOfMessages: 1 });
    clock.set(new Date('2030-01-01T00:00:00Z'));
    expect((await bodies()).sort()).toEqual(['in flight', 'waiting']);
  });

  it('drops messages that are older than their retention', async () => {
    await send('old');
    clock.advance(4 * 86_400_000 + 1);
    expect(statusOf('work').visible).toBe(0);
    expect(await receive()).toEqual([]);
  });

  it('answers a long poll as soon as a message comes, a retry is due or the clock moves', async () => {
    const first = receive({ WaitTimeSeconds: 20 });
    await send('now');
    expect((await first).map(({ Body }) => Body)).toEqual(['now']);
    const again = bodies({ WaitTimeSeconds: 20 });
    clock.advance(61_000);
    expect(await again).toEqual(['now']);
    expect(await bodies({ WaitTimeSeconds: 1 })).toEqual([]);
  });

  it('gives nothing to a long poll whose caller hung up', async () => {
    const abort = new AbortController();
    const poll = sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 }), {
      abortSignal: abort.signal,
    });
    const ended = expect(poll).rejects.toThrow();
    await queuesHaveSeen();
    abort.abort();
    await ended;
    await queuesHaveSeen();
    await send('for the next');
    expect(await bodies()).toEqual(['for the next']);
  });

  it('makes a message visible at once or later, but only while it is in flight', async () => {
    await send('one');
    const [message] = await receive();
    const handle = { QueueUrl: url, ReceiptHandle: message?.ReceiptHandle };
    await sqs.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: 600 }));
    clock.advance(61_000);
    expect(await receive()).toEqual([]);
    await sqs.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: 0 }));
    expect(await bodies()).toEqual(['one']);
    await expect(
      sqs.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: 5 })),
    ).rejects.toMatchObject({ name: 'MessageNotInflight' });
  });

  it('carries attributes of every kind with the digests that the SDK checks', async () => {
    const MessageAttributes = {
      kind: { DataType: 'String', StringValue: 'receipt é' },
      'count.of': { DataType: 'Number', StringValue: '3' },
      raw: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255, 7]) },
    };
    const sent = await sqs.send(
      new SendMessageCommand({ QueueUrl: url, MessageBody: 'body €', MessageAttributes }),
    );
    const [message] = await receive({ MessageAttributeNames: ['All'], VisibilityTimeout: 0 });
    expect(message?.MessageAttributes).toEqual(MessageAttributes);
    expect(message?.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes);
    expect(message?.MD5OfBody).toBe(sent.MD5OfMessageBody);
    const [some] = await receive({ MessageAttributeNames: ['count.*'] });
    expect(Object.keys(some?.MessageAttributes ?? {})).toEqual(['count.of']);
  });

  it('takes batches entry by entry', async () => {
    const entry = (Id: string, MessageBody: string) => ({ Id, MessageBody });
    const result = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: [entry('a', 'fine'), entry('b', 'bad \u0000'), entry('c', 'fine too')],
      }),
    );
    expect(result.Successful?.map(({ Id }) => Id)).toEqual(['a', 'c']);
    expect(result.Failed).toMatchObject([{ Id: 'b', SenderFault: true }]);
    const messages = await receive();
    const deleted = await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: '1', ReceiptHandle: messages[0]?.ReceiptHandle },
          { Id: '2', ReceiptHandle: 'garbage' },
        ],
      }),
    );
    expect(deleted.Successful?.map(({ Id }) => Id)).toEqual(['1']);
    expect(deleted.Failed).toMatchObject([{ Id: '2', Code: 'ReceiptHandleIsInvalid' }]);
  });

  it('refuses what SQS refuses, under the same names', async () => {
    const entries = Array.from({ length: 11 }, (_, n) => ({ Id: `e${n}`, MessageBody: 'x' }));
    const twice = [entries[0], entries[0]].flatMap((entry) => entry ?? []);
    const batch = (Entries: typeof entries) =>
      sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
    const create = (Attributes: Record<string, string>, QueueName = 'other') =>
      sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
    await expect(batch(entries)).rejects.toMatchObject({ name: 'TooManyEntriesInBatchRequest' });
    await expect(batch(twice)).rejects.toMatchObject({ name: 'BatchEntryIdsNotDistinct' });
    await expect(batch([])).rejects.toMatchObject({ name: 'EmptyBatchRequest' });
    await expect(send('x'.repeat(1_048_577))).rejects.toThrow('must be shorter than 1048576');
    await expect(receive({ MaxNumberOfMessages: 11 })).rejects.toThrow('MaxNumberOfMessages');
    await expect(receive({ QueueUrl: `${queues.endpoint}/0/absent` })).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    });
    await expect(create({ VisibilityTimeout: '-1' })).rejects.toThrow('VisibilityTimeout');
    await expect(create({ Color: 'red' })).rejects.toMatchObject({ name: 'InvalidAttributeName' });
    await expect(create({ FifoQueue: 'true' })).rejects.toThrow('standard queues only');
    await expect(create({ VisibilityTimeout: '61' }, 'work')).rejects.toMatchObject({
      name: 'QueueNameExists',
    });
  });

  it('answers questions about itself', async () => {
    await send('one');
    const QueueUrl = (await sqs.send(new GetQueueUrlCommand({ QueueName: 'work' }))).QueueUrl;
    expect(QueueUrl).toBe(url);
    const listed = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'wo' }));
    expect(listed.QueueUrls).toEqual([url]);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({
      QueueArn: 'arn:aws:sqs:us-east-1:000000000000:work',
      ApproximateNumberOfMessages: '1',
      VisibilityTimeout: '60',
      MessageRetentionPeriod: '345600',
    });
    await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    expect(await receive()).toEqual([]);
  });
});

describe('a dead-letter queue', () => {
  const fail = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) {
      await receive();
      clock.advance(61_000);
    }
  };
  let failures: { readonly url: string; readonly arn: string };

  beforeEach(() => {
    failures = queues.ensure({ name: 'failures', attributes: {} });
    const policy = { deadLetterTargetArn: failures.arn, maxReceiveCount: 3 };
    const attributes = { VisibilityTimeout: '60', RedrivePolicy: JSON.stringify(policy) };
    queues.ensure({ name: 'work', attributes });
  });

  it('gets what was received too often, never earlier', async () => {
    await send('poison');
    await fail(2);
    expect(await bodies()).toEqual(['poison']);
    clock.advance(61_000);
    expect(await receive()).toEqual([]);
    expect(statusOf('failures')).toMatchObject({ visible: 1, is_dead_letter_queue: true });
    const [dead] = await receive({
      QueueUrl: failures.url,
      MessageSystemAttributeNames: ['DeadLetterQueueSourceArn'],
    });
    expect(dead?.Attributes).toEqual({
      DeadLetterQueueSourceArn: 'arn:aws:sqs:us-east-1:000000000000:work',
    });
  });

  it('gives its messages back with all attempts before them, by either name', async () => {
    for (const name of ['work', 'failures']) {
      await send('poison');
      await fail(3);
      expect(await receive()).toEqual([]);
      expect(queues.redrive(name)).toBe(1);
      const [message] = await receive({
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      });
      expect(message?.Attributes?.ApproximateReceiveCount).toBe('1');
      const { ReceiptHandle } = message ?? {};
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    }
    expect(queues.redrive('work')).toBe(0);
  });

  it('must exist before another queue may point to it', () => {
    const policy = { deadLetterTargetArn: `${failures.arn}-typo`, maxReceiveCount: 3 };
    const attributes = { RedrivePolicy: JSON.stringify(policy) };
    expect(() => queues.ensure({ name: 'work', attributes })).toThrow('does not exist');
  });
});

describe('faults', () => {
  it('a lost reply has stored the message, an unavailable queue has not', async () => {
    queues.faults.add({ kind: 'lost_reply', operation: 'SendMessage', times: 1 });
    await expect(send('stored')).rejects.toThrow();
    queues.faults.add({ kind: 'unavailable', operation: 'SendMessage', times: 1 });
    await expect(send('refused')).rejects.toThrow('unavailable');
    expect(await bodies()).toEqual(['stored']);
  });
});

describe('the queue file', () => {
  it('keeps every acknowledged message through kill -9, and what was in flight', async () => {
    const data = join(directory, 'killed');
    const program = `
      const { startQueues } = await import('#infra/local/services/sqs');
      const queues = await startQueues({ dataDir: process.argv[1], log: console.error });
      const { url } = queues.ensure({ name: 'work', attributes: { VisibilityTimeout: '1' } });
      console.log(queues.endpoint + ' ' + url);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, data], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    const lines = await once(child.stdout, 'data');
    const [endpoint = '', queueUrl = ''] = String(lines[0]).trim().split(' ');
    const client = clientOf(endpoint);

    const acknowledged = new Set<string>();
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; ; n += 1) {
        const MessageBody = `${writer}-${n}`;
        await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }));
        acknowledged.add(MessageBody);
        if (acknowledged.size === 100) {
          await client.send(
            new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
          );
        }
        if (acknowledged.size >= 200) child.kill('SIGKILL');
      }
    });
    await Promise.allSettled(writers);
    await exit;
    client.destroy();

    const reopened = await startQueues({ dataDir: data, clock, log });
    const reader = clientOf(reopened.endpoint);
    clock.advance(2_000);
    const found = new Set<string>();
    for (;;) {
      const { Messages = [] } = await reader.send(
        new ReceiveMessageCommand({
          QueueUrl: `${reopened.endpoint}/000000000000/work`,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: 600,
        }),
      );
      if (Messages.length === 0) break;
      for (const { Body } of Messages) found.add(Body ?? '');
    }
    reader.destroy();
    await reopened.close();
    expect(acknowledged.size).toBeGreaterThanOrEqual(200);
    expect([...acknowledged].filter((body) => !found.has(body))).toEqual([]);
  });

  it('keeps the messages when the stack changes the attributes of a queue', async () => {
    await send('kept');
    await queues.close();
    queues = await startQueues({ dataDir: directory, clock, log });
    ({ url } = queues.ensure({ name: 'work', attributes: { VisibilityTimeout: '10' } }));
    sqs = clientOf(queues.endpoint);
    expect(await bodies()).toEqual(['kept']);
  });

  it('says in one sentence what is wrong with it', async () => {
    await expect(startQueues({ dataDir: directory, log })).rejects.toThrow('in use by another');
    const damaged = join(directory, 'damaged');
    await (await startQueues({ dataDir: damaged, log })).close();
    writeFileSync(join(damaged, 'queues.sqlite'), 'not a database '.repeat(1_000));
    await expect(startQueues({ dataDir: damaged, log })).rejects.toThrow(
      /cannot be used .*--reset/,
    );
  });
});

/** One request that is answered after all that was sent before it has arrived. */
async function queuesHaveSeen(): Promise<void> {
  await sqs.send(new ListQueuesCommand({}));
}
