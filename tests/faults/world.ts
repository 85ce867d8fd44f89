import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBRecord } from 'aws-lambda';
import Stripe from 'stripe';
import * as z from 'zod';
import { createClock, type Clock } from '#infra/local/clock';
import { prepareDataDirectory } from '#infra/local/data-directory';
import type { DumpedItem } from '#infra/local/dynamodb/dump';
import { ensureSecrets, razorpayKey } from '#infra/local/first-secrets';
import { lambdaVariables } from '#infra/local/lambda/invoker';
import { createRazorpay, type RazorpayStandIn } from '#infra/local/razorpay/create-razorpay';
import {
  type Closing,
  createClosing,
  serveOn,
  type Services,
  startServices,
  startStores,
} from '#infra/local/start-services';
import { openState, type StateStore } from '#infra/local/state';
import { createStripe, type StripeStandIn } from '#infra/local/stripe/create-stripe';
import { synthesize } from '#infra/local/synthesize';
import { buildModel } from '#infra/local/template/build-model';
import { LOCAL_PLACE } from '#infra/local/template/identity';
import { loadTemplates } from '#infra/local/template/load-templates';
import type { StackModel } from '#infra/local/template/model';
import { invariant } from '#lib/invariant';
import { createLedgerStore } from '#lib/store/ledger-store';
import type { LedgerStore } from '#lib/ports';
import { createTableClient, type Table } from '#lib/store/table';
import { type Life, startLife } from '#tests/faults/life';
import { startRelay } from '#tests/faults/relay';
import { allPass, type Outlet } from '#tests/faults/seam';
import { testClientConfig } from '#tests/support/table';
import { streamRecordsOf } from '#tests/support/stream-records';

/** Where redirects of the shop may lead, in the stage `local`. */
export const ORIGIN = 'http://localhost:3000';

/**
 * The whole product without its Lambda service: every function as its built bundle with the environment that the
 * synthesized template gives it, and every service that it calls, real or as its stand-in. Who calls a function is the
 * test, which can end it at any call.
 */
export interface World {
  readonly model: StackModel;
  readonly services: Services;
  readonly stripe: StripeStandIn;
  readonly razorpay: RazorpayStandIn;
  /** Stripe's API as its owner may ask it. */
  readonly stripeApi: Stripe;
  /** Where CloudFormation waits for the answer of a custom resource. */
  readonly deploymentUrl: string;
  readonly deploymentAnswers: () => readonly string[];
  readonly ledger: LedgerStore;
  readonly table: Table;
  /** A living instance of a function, by number: another one once it has died. */
  readonly life: (name: string, instance?: number) => Life;
  /** Forgets the instances of a function: the next event starts one. */
  readonly retire: (name: string) => void;
  /** One more instance, as Lambda starts when the others are busy. */
  readonly anotherLife: (name: string, options?: { readonly isPatient?: boolean }) => Life;
  /** Resolves when no call is held back any more. */
  readonly settleCalls: () => Promise<void>;
  /** Which function asked what since the last reset, and what became of it: `service: dynamodb GetItem, lose`. */
  readonly trail: () => readonly string[];
  readonly token: (who: Identity) => Promise<string>;
  readonly items: () => Promise<readonly DumpedItem[]>;
  /** What lies in buckets. */
  readonly files: () => readonly StoredFile[];
  /** Takes all messages of a queue that are visible. */
  readonly takeMessages: (queue: string) => Promise<readonly string[]>;
  /** What the table's stream has got since the last look. */
  readonly newChanges: () => Promise<readonly DynamoDBRecord[]>;
  /** An empty table, empty queues and buckets, no mails, and providers that have never heard of us. */
  readonly reset: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface Identity {
  readonly client: 'app' | 'admin' | 'service';
  readonly sub: string;
  readonly groups?: readonly string[];
}

export interface StoredFile {
  /** `bucket/key`. */
  readonly name: string;
  readonly text: string;
}

/**
 * The SDK's clients have a quota of retries, which each costs something of and each success gives little back to: 35 calls
 * that fail in a row empty it, and the next fault, which the client should repair, would reach the function.
 */
const STRUCK_MAX = 15;
const DELETES_MAX = 25;
const MESSAGES_MAX = 10;

export async function openWorld(): Promise<World> {
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(memory, 'ledger-faults-'));
  const closing = createClosing(() => undefined);
  closing.add(() => rmSync(folder, { recursive: true, force: true }));
  const state = openState(':memory:');
  closing.add(() => state.close());
  const clock = createClock(state);
  const fail = (line: string): void => {
    throw new Error(`a stand-in failed: ${line}`);
  };
  const dataFiles = prepareDataDirectory(folder);
  const base = {
    files: dataFiles,
    state,
    clock,
    place: LOCAL_PLACE,
    closing,
    log: () => undefined,
    onExit: fail,
  };
  const templates = await synthesize(() => undefined);
  const stores = await startStores(base);
  const model = buildModel(loadTemplates(templates), {
    ...LOCAL_PLACE,
    apiUrl: ORIGIN,
    userPoolId: `${LOCAL_PLACE.region}_LocalDev1`,
    queueUrl: (name) => `${stores.queues.endpoint}/${LOCAL_PLACE.accountId}/${name}`,
  });
  const services = await startServices({
    ...base,
    model,
    stores,
    deliver: () => undefined,
  });
  ensureSecrets({ models: model.secrets, secrets: services.secrets });
  const providers = await openProviders({ model, services, clock, closing });
  const relay = await startRelay();
  closing.add(() => relay.close());
  const redirects = {
    [`cognito-idp.${LOCAL_PLACE.region}.amazonaws.com`]: services.cognitoPort,
    ...providers.redirects,
  };
  const answers: string[] = [];
  const deployment = await serveOn((request, response) => {
    void text(request).then((answer) => {
      answers.push(answer);
      response.writeHead(200).end();
    });
  }, closing);
  const outlet: Outlet = {
    relay,
    redirects,
    services: namesOfPorts({ services, redirects, deployment }),
  };
  let trail: string[] = [];
  const anotherLife: World['anotherLife'] = (name, options = {}) => {
    const found = model.functions.find((each) => each.name === name);
    invariant(found, `the template has a function ${name}`);
    return startLife({
      model: found,
      environment: {
        ...lambdaVariables(LOCAL_PLACE, found),
        ...services.environment,
        ...found.environment,
      },
      outlet: { ...outlet, onCall: (call) => trail.push(`${name}: ${call.name}, ${call.act}`) },
      ...options,
    });
  };
  const lives = new Map<string, Life>();
  const [tableModel] = model.tables;
  invariant(tableModel, 'the template has a table');
  const config = testClientConfig(services.dynamo.url);
  const table: Table = {
    client: createTableClient(config),
    name: tableModel.name,
    random: Math.random,
    sleep: async () => undefined,
    elapsedMs: () => performance.now(),
    retryBudgetMs: 10_000,
  };
  const sqs = new SQSClient({ ...config, endpoint: services.queues.endpoint });
  let lastSeen: string | undefined;
  const items = () => services.dynamo.dump(tableModel.name);
  const buckets = openBuckets({ folder: dataFiles.objects, state });
  return {
    model,
    services,
    get stripe() {
      return providers.stripe();
    },
    get razorpay() {
      return providers.razorpay();
    },
    stripeApi: new Stripe('sk_test_owner', {
      host: '127.0.0.1',
      port: providers.redirects['api.stripe.com'],
      protocol: 'http',
    }),
    deploymentAnswers: () => answers,
    deploymentUrl: `http://127.0.0.1:${deployment}/`,
    table,
    ledger: createLedgerStore(table),
    life: (name, instance = 0) => {
      const key = `${name} ${instance}`;
      const known = lives.get(key);
      if (known && !known.isDead()) return known;
      const fresh = anotherLife(name);
      lives.set(key, fresh);
      return fresh;
    },
    retire: (name) => {
      for (const key of lives.keys()) if (key.startsWith(`${name} `)) lives.delete(key);
    },
    anotherLife,
    settleCalls: relay.settle,
    trail: () => trail,
    token: (who) => mint({ model, services }, who),
    items,
    files: buckets.list,
    takeMessages: async (queue) => {
      const url = model.queues.find(({ name }) => name === queue)?.url;
      const bodies: string[] = [];
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: url,
            MaxNumberOfMessages: MESSAGES_MAX,
          }),
        );
        if (Messages.length === 0) return bodies;
        bodies.push(...Messages.map(({ Body = '' }) => Body));
        const Entries = Messages.map(({ ReceiptHandle }, index) => ({
          Id: `${index}`,
          ReceiptHandle,
        }));
        await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
      }
    },
    newChanges: async () => {
      const found = await streamRecordsOf({ config, tableName: tableModel.name }, lastSeen);
      lastSeen = found.at(-1)?.dynamodb?.SequenceNumber ?? lastSeen;
      return found;
    },
    reset: async () => {
      const deletes = (await items()).map(({ pk, sk }) => ({
        DeleteRequest: { Key: { ...(pk && { pk }), ...(sk && { sk }) } },
      }));
      for (let at = 0; at < deletes.length; at += DELETES_MAX) {
        const RequestItems = { [table.name]: deletes.slice(at, at + DELETES_MAX) };
        await table.client.send(new BatchWriteItemCommand({ RequestItems }));
      }
      for (const { name } of model.queues) services.queues.purge(name);
      services.mails.clear();
      buckets.clear();
      await providers.reset();
      for (const [key, life] of lives) {
        if (life.struck() > STRUCK_MAX) lives.delete(key);
        else life.follow(allPass);
      }
      trail = [];
    },
    close: () => closing.close(),
  };
}

/** The stand-in's own records: it has no operation that lists or deletes. */
function openBuckets({ folder, state }: { readonly folder: string; readonly state: StateStore }) {
  const objects = state.collection('s3_objects', z.object({ id: z.string(), file: z.string() }));
  return {
    list: () =>
      objects
        .list()
        .map(({ file, id }) => ({ name: id, text: readFileSync(join(folder, file), 'utf8') })),
    clear: () => {
      for (const { id } of objects.list()) objects.delete(id);
    },
  };
}

/** Both payment providers. What they tell is handed over by the test: they know of no webhook. */
async function openProviders(options: {
  readonly model: StackModel;
  readonly services: Services;
  readonly clock: Clock;
  readonly closing: Closing;
}) {
  const { clock, closing, model, services } = options;
  const open = () => {
    const state = openState(':memory:');
    const base = { clock, state, publicUrl: () => ORIGIN, webhooks: () => [] };
    const stripe = createStripe(base);
    const razorpay = createRazorpay({
      ...base,
      keys: () => {
        const key = razorpayKey(model.secrets, services.secrets);
        return key ? [key] : [];
      },
    });
    const close = async (): Promise<void> => {
      await Promise.all([stripe.close(), razorpay.close()]);
      state.close();
    };
    return { stripe, razorpay, close };
  };
  let current = open();
  closing.add(() => current.close());
  return {
    stripe: () => current.stripe,
    razorpay: () => current.razorpay,
    redirects: {
      'api.stripe.com': await serveOn((...call) => current.stripe.api(...call), closing),
      'api.razorpay.com': await serveOn((...call) => current.razorpay.api(...call), closing),
    },
    reset: async () => {
      const { close } = current;
      current = open();
      await close();
    },
  };
}

async function mint(
  { model, services }: Pick<World, 'model' | 'services'>,
  { client, sub, groups }: Identity,
): Promise<string> {
  const found = model.userPools[0]?.clients.find(({ name }) => name === client);
  invariant(found, `the template has a client ${client}`);
  const clientId = found.id;
  if (client === 'service') return services.cognito.mintClientToken({ clientId });
  return services.cognito.mintToken({ sub, groups, clientId });
}

const SERVICE_OF_VARIABLE = /^AWS_ENDPOINT_URL_(\w+)$/;

function namesOfPorts({
  services,
  redirects,
  deployment,
}: {
  readonly services: Services;
  readonly redirects: Readonly<Record<string, number>>;
  readonly deployment: number;
}): ReadonlyMap<number, string> {
  const endpoints = Object.entries(services.environment).map(
    ([name, url]) => [Number(new URL(url).port), nameOf(name)] as const,
  );
  const hosts = Object.entries(redirects).map(([host, port]) => [port, hostName(host)] as const);
  return new Map([...endpoints, ...hosts, [deployment, 'cloudformation']]);
}

function nameOf(variable: string): string {
  return (SERVICE_OF_VARIABLE.exec(variable)?.[1] ?? variable).toLowerCase();
}

/** `api.stripe.com` is stripe, `cognito-idp.us-east-1.amazonaws.com` is cognito. */
function hostName(host: string): string {
  const [first = '', second = ''] = host.split('.');
  return first === 'api' ? second : (first.split('-')[0] ?? first);
}
