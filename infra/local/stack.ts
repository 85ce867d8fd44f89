import { createServer, type RequestListener } from 'node:http';
import * as z from 'zod';

import { createClock, type Clock } from '#infra/local/clock';
import { createControl } from '#infra/local/control';
import {
  clearDataDirectory,
  type DataFiles,
  prepareDataDirectory,
} from '#infra/local/data-directory';
import type { DynamoDb } from '#infra/local/dynamodb/start-dynamo-db';
import {
  checkStripeKey,
  ensureSecrets,
  type StripeSettings,
  stripeWebhookSecrets,
} from '#infra/local/first-secrets';
import { createGateway, type Gateway } from '#infra/local/gateway/gateway';
import { createAuthorize } from '#infra/local/gateway/jwt-authorizer';
import type { InvocationResult } from '#infra/local/lambda/function-pool';
import { createInvoker, type Invoker } from '#infra/local/lambda/invoker';
import { listen, stopListening } from '#infra/local/listen';
import { LocalStackError } from '#infra/local/local-stack-error';
import { withOwnOrigin } from '#infra/local/own-origin';
import { runDeployCalls } from '#infra/local/run-deploy-calls';
import { createSettle, type Settle } from '#infra/local/settle';
import { type Sources, startSources } from '#infra/local/sources/start-sources';
import {
  type Closing,
  createClosing,
  serveOn,
  type Services,
  startServices,
  startStores,
} from '#infra/local/start-services';
import { openState } from '#infra/local/state';
import { createStripe, type StripeStandIn } from '#infra/local/stripe/create-stripe';
import { synthesize } from '#infra/local/synthesize';
import { buildModel } from '#infra/local/template/build-model';
import { LOCAL_PLACE } from '#infra/local/template/identity';
import { loadTemplates } from '#infra/local/template/load-templates';
import type { StackModel } from '#infra/local/template/model';

export interface StackOptions {
  /** 0 takes any free one. */
  readonly port: number;
  readonly dataDir: string;
  /** Begins anew: what an earlier start stored is removed first. */
  readonly reset?: boolean;
  /** A folder with synthesized templates; this project's stage `local` when not given. */
  readonly templates?: string;
  /** A real test account of Stripe in the place of the stand-in. */
  readonly stripe?: StripeSettings;
  readonly log: (line: string) => void;
  /** A part that nothing works without has ended by itself. */
  readonly onFailure?: (reason: string) => void;
}

/** The whole deployment on this machine. */
export interface Stack {
  readonly url: string;
  readonly clock: Clock;
  readonly dynamo: DynamoDb;
  readonly info: StackInfo;
  /** Calls a function by the name of its bundle, as the Lambda API does. */
  invoke(functionName: string, event: unknown): Promise<InvocationResult>;
  /** Resolves when queues and streams are drained and nothing is under way. */
  readonly settle: Settle;
  close(): Promise<void>;
}

/** What is the same for as long as the stack runs. */
export interface StackInfo {
  readonly url: string;
  readonly dataDir: string;
  readonly stripe: 'real' | 'stand-in';
  readonly model: StackModel;
}

/** The stack's own parts, for the control API. */
export interface Parts {
  readonly info: StackInfo;
  readonly clock: Clock;
  readonly services: Services;
  readonly invoker: Invoker;
  readonly sources: Sources;
  readonly stripe: StripeStandIn;
  readonly settle: Settle;
}

/**
 * Runs the synthesized template on this machine (DESIGN 10); everything listens on 127.0.0.1 only.
 * Throws LocalStackError, with a sentence for the person who started it, after ending whatever had
 * been started already.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  checkStripeKey(options.stripe?.apiKey);
  // Lambda runs in UTC, and worker threads have the time zone of their process.
  process.env['TZ'] = 'UTC';
  const closing = createClosing(options.log);
  try {
    return await start(options, closing);
  } catch (error) {
    await closing.close();
    throw error;
  }
}

async function start(options: StackOptions, closing: Closing): Promise<Stack> {
  const { log } = options;
  const files = prepareDataDirectory(options.dataDir);
  const front = await openFront(options.port, closing);
  const state = openCleanState(files, options.reset === true);
  closing.add(() => state.close());
  const clock = createClock(state);
  const onExit = options.onFailure ?? log;
  const base = { files, state, clock, place: LOCAL_PLACE, closing, log, onExit };
  const [templates, stores] = await bothOrNeither(
    options.templates === undefined ? synthesize(log) : Promise.resolve(options.templates),
    startStores(base),
  );
  const model = withOwnOrigin(
    buildModel(loadTemplates(templates), {
      ...LOCAL_PLACE,
      apiUrl: front.url,
      userPoolId: `${LOCAL_PLACE.region}_LocalDev1`,
      queueUrl: (name) => `${stores.queues.endpoint}/${LOCAL_PLACE.accountId}/${name}`,
    }),
    front.url,
  );
  // The bus delivers through rules, rules call functions, and functions need the bus's address.
  const sourcesStarted = Promise.withResolvers<Sources>();
  const services = await startServices({
    ...base,
    model,
    stores,
    deliver: async (delivery) => (await sourcesStarted.promise).deliverEvent(delivery),
  });
  ensureSecrets({ models: model.secrets, secrets: services.secrets, stripe: options.stripe ?? {} });
  const stripe = startStripe({ ...base, front, model, services });
  closing.add(() => stripe.close());
  const invoker = createInvoker({
    functions: model.functions,
    place: LOCAL_PLACE,
    environment: services.environment,
    offset: clock.offset,
    redirects: {
      [`cognito-idp.${LOCAL_PLACE.region}.amazonaws.com`]: services.cognitoPort,
      ...(options.stripe?.apiKey === undefined && {
        'api.stripe.com': await serveOn(stripe.api, closing),
      }),
    },
    logDirectory: files.logs,
  });
  closing.add(() => invoker.close());
  const sources = await startSources({
    ...base,
    model,
    services,
    invoker,
    // Whatever else the clock brings: slow payments, webhook retries, items that expire.
    onTime: async () => {
      await stripe.tick();
      await services.dynamo.sweepExpired();
    },
  });

  sourcesStarted.resolve(sources);
  const gateway = openGateway({ clock, invoker, log, model, services });
  const settle = createSettle({
    invoker,
    streams: sources.streams,
    parts: [
      ...sources.parts,
      { name: 'requests', idle: () => gateway.idle() },
      { name: 'functions', idle: () => invoker.idle() },
      { name: 'event bus', idle: () => services.events.idle() },
      { name: 'Stripe', idle: () => stripe.idle() },
    ],
  });
  const info: StackInfo = {
    url: front.url,
    dataDir: files.directory,
    stripe: options.stripe?.apiKey === undefined ? 'stand-in' : 'real',
    model,
  };
  await runDeployCalls({ calls: model.deployCalls, invoker, place: LOCAL_PLACE, closing });
  const control = createControl({ info, clock, services, invoker, sources, stripe, settle });
  front.serve((request, response) => {
    const path = request.url ?? '/';
    if (path.startsWith('/local/')) control(request, response);
    else if (path.startsWith('/stripe/')) stripe.pages(request, response);
    else gateway.listener(request, response);
  });
  await services.events.deliverPending();
  sources.startSchedules();
  return {
    url: front.url,
    clock,
    dynamo: services.dynamo,
    info,
    invoke: (functionName, event) => invoker.invoke(functionName, event),
    settle,
    close: () => closing.close(),
  };
}

/** Waits for both even when one fails, so that nothing starts behind the back of the clean-up. */
async function bothOrNeither<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

interface Front {
  readonly url: string;
  readonly port: number;
  serve(listener: RequestListener): void;
}

/** Takes the port first of all, because its address is part of what the template resolves to. */
async function openFront(port: number, closing: Closing): Promise<Front> {
  let serving: RequestListener = (_, response) => {
    response.writeHead(503, { 'retry-after': '1' }).end('The local stack is starting.');
  };
  const server = createServer((request, response) => serving(request, response));
  const bound = await listen(server, port);
  closing.add(() => stopListening(server));
  return {
    url: `http://localhost:${bound}`,
    port: bound,
    serve: (listener) => {
      serving = listener;
    },
  };
}

/** The state is opened before anything is removed: its lock is what keeps a second stack away. */
function openCleanState(files: DataFiles, reset: boolean) {
  const state = openState(files.state);
  if (!reset) return state;
  state.close();
  clearDataDirectory(files);
  return openState(files.state);
}

function startStripe(parts: {
  readonly clock: Clock;
  readonly state: ReturnType<typeof openState>;
  readonly front: Front;
  readonly model: StackModel;
  readonly services: Services;
  readonly log: (line: string) => void;
}): StripeStandIn {
  const { clock, front, log, model, services, state } = parts;
  const receiver = model.functionUrls.find(({ path }) => path === '/webhooks/stripe');
  return createStripe({
    clock,
    state,
    log,
    publicUrl: () => front.url,
    webhooks: () => {
      const secrets = stripeWebhookSecrets(model.secrets, services.secrets);
      if (receiver === undefined || secrets === undefined) return [];
      const url = `http://127.0.0.1:${front.port}${receiver.path}`;
      return [{ url, secret: secrets.current, events: ['*'] }];
    },
  });
}

const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

function openGateway(parts: {
  readonly clock: Clock;
  readonly invoker: Invoker;
  readonly log: (line: string) => void;
  readonly model: StackModel;
  readonly services: Services;
}): Gateway {
  const { clock, invoker, log, model, services } = parts;
  const [api, ...others] = model.apis;
  if (api === undefined || others.length > 0) {
    throw new LocalStackError(`The template has ${model.apis.length} HTTP APIs instead of one.`);
  }
  const now = (): Date => clock.now();
  return createGateway({
    api,
    functionUrls: model.functionUrls,
    accountId: LOCAL_PLACE.accountId,
    invoker,
    authorize: createAuthorize({
      now,
      fetchKeys: async (issuer) => {
        const { pathname } = new URL(issuer);
        const url = `http://127.0.0.1:${services.cognitoPort}${pathname}/.well-known/jwks.json`;
        return keySetSchema.parse(await (await fetch(url)).json());
      },
    }),
    now,
    log,
  });
}
