import { createServer, type RequestListener } from 'node:http';

import type { Clock } from '#infra/local/clock';
import type { DataFiles } from '#infra/local/data-directory';
import { type DynamoDb, startDynamoDb } from '#infra/local/dynamodb/start-dynamo-db';
import { listen, stopListening } from '#infra/local/listen';
import { type Cognito, createCognito } from '#infra/local/services/cognito';
import { createEvents, type DeliverEvent, type Events } from '#infra/local/services/events';
import { createObjectStore } from '#infra/local/services/s3';
import { createSecrets, type Secrets } from '#infra/local/services/secrets';
import { createMailSink, type MailSink } from '#infra/local/services/ses';
import { type Queues, startQueues } from '#infra/local/services/sqs';
import { LOCAL_SECRET_ACCESS_KEY } from '#infra/local/lambda/invoker';
import type { StateStore } from '#infra/local/state';
import type { StackModel } from '#infra/local/template/model';
import type { Place } from '#infra/local/template/resolve';

/** The stand-ins for AWS, each on a loopback port of its own. */
export interface Services {
  readonly dynamo: DynamoDb;
  readonly queues: Queues;
  readonly secrets: Secrets;
  readonly mails: MailSink;
  readonly events: Events;
  readonly cognito: Cognito;
  readonly cognitoPort: number;
  /** The SDK's standard variables that lead every client to the stand-ins. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Ends what was started, the newest first, whatever happens on the way. */
export interface Closing {
  add(close: () => Promise<void> | void): void;
  close(): Promise<void>;
}

/** Collects what has to be ended, so that a start that fails in the middle leaves nothing running. */
export function createClosing(log: (line: string) => void): Closing {
  const steps: (() => Promise<void> | void)[] = [];
  return {
    add: (close) => {
      steps.push(close);
    },
    close: async () => {
      for (const step of steps.splice(0).toReversed()) {
        try {
          await step();
        } catch (error) {
          log(`Closing: ${String(error)}`);
        }
      }
    },
  };
}

interface Options {
  readonly files: DataFiles;
  readonly state: StateStore;
  readonly clock: Clock;
  readonly place: Place;
  readonly closing: Closing;
  readonly log: (line: string) => void;
  /** The table engine has ended by itself. */
  readonly onExit: (reason: string) => void;
}

/** The two stand-ins whose addresses the template's names depend on, or that take longest to start. */
export async function startStores(
  options: Options,
): Promise<{ readonly dynamo: DynamoDb; readonly queues: Queues }> {
  const { clock, closing, files, log, onExit, place } = options;
  const started = await Promise.allSettled([
    startDynamoDb({ file: files.table, clock, log, onExit }).then((dynamo) => {
      closing.add(() => dynamo.close());
      return dynamo;
    }),
    startQueues({ dataDir: files.directory, clock, log, ...place }).then((queues) => {
      closing.add(() => queues.close());
      return queues;
    }),
  ]);
  const [dynamo, queues] = started;
  if (dynamo.status === 'rejected') throw dynamo.reason;
  if (queues.status === 'rejected') throw queues.reason;
  return { dynamo: dynamo.value, queues: queues.value };
}

/** Starts the other stand-ins and gives the stores what the template says. */
export async function startServices(
  options: Options & {
    readonly model: StackModel;
    readonly stores: Pick<Services, 'dynamo' | 'queues'>;
    readonly deliver: DeliverEvent;
  },
): Promise<Services> {
  const { clock, closing, deliver, files, log, model, place, state } = options;
  const { dynamo, queues } = options.stores;
  for (const table of model.tables) await dynamo.createTable(table.template);
  for (const queue of model.queues) queues.ensure(queue);

  const secrets = createSecrets({ state, clock, log, ...place });
  const mails = createMailSink({ state, clock, identities: model.emailIdentities, log, ...place });
  const events = createEvents({ state, clock, buses: model.eventBuses, deliver, log, ...place });
  const objects = createObjectStore({
    folder: files.objects,
    state,
    clock,
    buckets: model.buckets,
    secretAccessKey: LOCAL_SECRET_ACCESS_KEY,
    log,
  });
  const [pool] = model.userPools;
  const cognito = await createCognito({
    state,
    clock,
    region: place.region,
    ...(pool && { poolId: pool.id }),
  });
  const serve = (listener: RequestListener): Promise<number> => serveOn(listener, closing);
  const [cognitoPort, secretsPort, mailPort, eventsPort, objectsPort] = await Promise.all([
    serve(cognito.listener),
    serve(secrets.listener),
    serve(mails.listener),
    serve(events.listener),
    serve(objects.listener),
  ]);
  return {
    dynamo,
    queues,
    secrets,
    mails,
    events,
    cognito,
    cognitoPort,
    environment: {
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
      AWS_ENDPOINT_URL_EVENTBRIDGE: `http://127.0.0.1:${eventsPort}`,
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${objectsPort}`,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${secretsPort}`,
      AWS_ENDPOINT_URL_SES: `http://127.0.0.1:${mailPort}`,
      AWS_ENDPOINT_URL_SQS: queues.endpoint,
    },
  };
}

/** Listens on a free loopback port until the stack ends. */
export async function serveOn(listener: RequestListener, closing: Closing): Promise<number> {
  const server = createServer(listener);
  const port = await listen(server);
  closing.add(() => stopListening(server));
  return port;
}
