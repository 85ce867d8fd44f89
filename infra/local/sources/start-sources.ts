import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { SQSClient } from '@aws-sdk/client-sqs';

import type { Clock } from '#infra/local/clock';
import type { Invoker } from '#infra/local/lambda/invoker';
import { LocalStackError } from '#infra/local/local-stack-error';
import type { Busy } from '#infra/local/settle';
import { startQueueSource } from '#infra/local/sources/queue-source';
import { createRules, type DeliverToRules } from '#infra/local/sources/rules';
import { createSchedules, type Schedules } from '#infra/local/sources/schedules';
import { startStreamSource, type StreamSource } from '#infra/local/sources/stream-source';
import type { Closing, Services } from '#infra/local/start-services';
import type { StateStore } from '#infra/local/state';
import type {
  QueueModel,
  QueueSourceModel,
  StackModel,
  StreamSourceModel,
} from '#infra/local/template/model';
import type { Place } from '#infra/local/template/resolve';

/** Everything that calls functions by itself. */
export interface Sources {
  readonly streams: readonly StreamSource[];
  readonly schedules: Schedules;
  readonly parts: readonly Busy[];
  readonly deliverEvent: DeliverToRules;
  startSchedules(): void;
}

interface Options {
  readonly model: StackModel;
  readonly services: Pick<Services, 'dynamo' | 'queues'>;
  readonly invoker: Invoker;
  readonly clock: Clock;
  readonly state: StateStore;
  readonly place: Place;
  readonly closing: Closing;
  readonly onTime: () => Promise<void>;
  readonly log: (line: string) => void;
}

/** Starts the pollers of queues and streams; schedules wait for `startSchedules`. */
export async function startSources(options: Options): Promise<Sources> {
  const { closing, model, place, services } = options;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const aws = { region: place.region, credentials };
  const queueClient = new SQSClient({ ...aws, endpoint: services.queues.endpoint });
  closing.add(() => {
    queueClient.destroy();
  });
  const queueUrl = (name: string): string => queueNamed(model, name).url;
  const targets = { ...options, queueClient, queueUrl };

  const deliverEvent = createRules({ ...targets, rules: model.rules });
  const schedules = createSchedules({ ...targets, schedules: model.schedules });
  closing.add(() => schedules.close());
  const queues = model.eventSources.filter((source) => source.kind === 'queue');
  const queueParts = queues.map((source) => startQueue(options, source, queueClient));
  const tableStreams = model.eventSources.filter((source) => source.kind === 'stream');
  const streams = await startStreams(options, { aws, queueClient, sources: tableStreams });
  return {
    streams,
    schedules,
    deliverEvent,
    parts: [...queueParts, { name: 'schedules', idle: () => schedules.idle() }],
    startSchedules: () => {
      schedules.start();
    },
  };
}

function startQueue(options: Options, source: QueueSourceModel, client: SQSClient): Busy {
  const { closing, model, services } = options;
  const queue = queueNamed(model, source.queueName);
  const started = startQueueSource({
    ...options,
    source,
    queue,
    client,
    counts: () => {
      const status = services.queues.list().find(({ name }) => name === queue.name);
      return status ?? { visible: 0, in_flight: 0 };
    },
  });
  closing.add(() => started.close());
  return { name: `queue ${queue.name}`, idle: () => started.idle() };
}

async function startStreams(
  options: Options,
  parts: {
    readonly aws: ConstructorParameters<typeof DynamoDBClient>[0];
    readonly queueClient: SQSClient;
    readonly sources: readonly StreamSourceModel[];
  },
): Promise<readonly StreamSource[]> {
  const { closing, model, services } = options;
  const endpoint = services.dynamo.url;
  const tables = new DynamoDBClient({ ...parts.aws, endpoint });
  const client = new DynamoDBStreamsClient({ ...parts.aws, endpoint });
  closing.add(() => {
    tables.destroy();
    client.destroy();
  });
  const streams: StreamSource[] = [];
  for (const source of parts.sources) {
    const described = await tables.send(new DescribeTableCommand({ TableName: source.tableName }));
    const streamArn = described.Table?.LatestStreamArn;
    if (streamArn === undefined) {
      throw new LocalStackError(
        `${source.functionName} reads a stream of ${source.tableName}, which has none.`,
      );
    }
    const { onFailureQueue } = source;
    const stream = await startStreamSource({
      ...options,
      source,
      streamArn,
      client,
      queueClient: parts.queueClient,
      ...(onFailureQueue !== undefined && { onFailureUrl: queueNamed(model, onFailureQueue).url }),
    });
    closing.add(() => stream.close());
    streams.push(stream);
  }
  // Nobody has to wait for the next look at the stream after a write.
  closing.add(
    services.dynamo.onCall(({ operation }) => {
      if (WRITES.has(operation)) for (const stream of streams) stream.wake();
    }),
  );
  return streams;
}

const WRITES: ReadonlySet<string> = new Set([
  'BatchWriteItem',
  'DeleteItem',
  'ExecuteStatement',
  'ExecuteTransaction',
  'PutItem',
  'TransactWriteItems',
  'UpdateItem',
]);

function queueNamed(model: StackModel, name: string): QueueModel {
  const queue = model.queues.find((candidate) => candidate.name === name);
  if (queue === undefined) throw new LocalStackError(`The template has no queue "${name}".`);
  return queue;
}
