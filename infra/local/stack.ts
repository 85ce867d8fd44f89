import { createServer, type RequestListener } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import { createClock, type Clock } from '#infra/local/clock';
import { createControl } from '#infra/local/control';
import {
  clearDataDirectory,
  type DataFiles,
  prepareDataDirectory,
} from '#infra/local/data-directory';
import type { DynamoDb } from '#infra/local/dynamodb/start-dynamo-db';
import {
  checkProviderKeys,
  ensureSecrets,
  type RazorpaySettings,
  type StripeSettings,
} from '#infra/local/first-secrets';
import type { InvocationResult } from '#infra/local/lambda/function-pool';
import { createInvoker, type Invoker } from '#infra/local/lambda/invoker';
import { listen, stopListening } from '#infra/local/listen';
import { openGateway } from '#infra/local/open-gateway';
import { withOwnOrigin } from '#infra/local/own-origin';
import { runDeployCalls } from '#infra/local/run-deploy-calls';
import { createSettle, type Settle } from '#infra/local/settle';
import { type Sources, startSources } from '#infra/local/sources/start-sources';
import { type Providers, startProviders } from '#infra/local/start-providers';
import {
  type Closing,
  createClosing,
  type Services,
  startServices,
  startStores,
} from '#infra/local/start-services';
import { openState } from '#infra/local/state';
import { synthesize } from '#infra/local/synthesize';
import { buildModel } from '#infra/local/template/build-model';
import { LOCAL_PLACE } from '#infra/local/template/identity';
import { loadTemplates } from '#infra/local/template/load-templates';
import type { StackModel } from '#infra/local/template/model';

const GOODBYE_MAX_MS = 2_000;
const GOODBYE_LOOK_MS = 10;

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
  /** A real test account of Razorpay in the place of the stand-in. */
  readonly razorpay?: RazorpaySettings;
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
  readonly razorpay: 'real' | 'stand-in';
  readonly model: StackModel;
}

/** The stack's own parts, for the control API. */
export interface Parts {
  readonly info: StackInfo;
  readonly clock: Clock;
  readonly services: Services;
  readonly invoker: Invoker;
  readonly sources: Sources;
  readonly stripe: Providers['stripe'];
  readonly razorpay: Providers['razorpay'];
  readonly settle: Settle;
}

/**
 * Runs the synthesized template on this machine (DESIGN 10); everything listens on 127.0.0.1 only.
 * Throws LocalStackError, with a sentence for the person who started it, after ending whatever had
 * been started already.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  checkProviderKeys(settingsOf(options));
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
  const settings = settingsOf(options);
  ensureSecrets({ models: model.secrets, secrets: services.secrets, ...settings });
  const providers = await startProviders({ ...base, front, model, services, settings });
  const { razorpay, stripe } = providers;
  const invoker = createInvoker({
    functions: model.functions,
    place: LOCAL_PLACE,
    environment: services.environment,
    offset: clock.offset,
    redirects: {
      [`cognito-idp.${LOCAL_PLACE.region}.amazonaws.com`]: services.cognitoPort,
      ...providers.redirects,
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
      await providers.tick();
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
      { name: 'Razorpay', idle: () => razorpay.idle() },
    ],
  });
  const info: StackInfo = {
    url: front.url,
    dataDir: files.directory,
    stripe: settings.stripe.apiKey === undefined ? 'stand-in' : 'real',
    razorpay: settings.razorpay.key === undefined ? 'stand-in' : 'real',
    model,
  };
  await runDeployCalls({ calls: model.deployCalls, invoker, place: LOCAL_PLACE, closing });
  const parts = { info, clock, services, invoker, sources, stripe, razorpay, settle };
  const control = createControl(parts);
  front.serve((request, response) => {
    const path = request.url ?? '/';
    if (path.startsWith('/local/')) control(request, response);
    else if (path.startsWith('/stripe/')) stripe.pages(request, response);
    else if (path.startsWith('/razorpay/')) razorpay.pages(request, response);
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
    close: async () => {
      front.serve(unavailable('The local stack is stopping.'));
      const endsAt = performance.now() + GOODBYE_MAX_MS;
      // What was asked before gets its answer.
      while (!gateway.idle() && performance.now() < endsAt) await pause(GOODBYE_LOOK_MS);
      await closing.close();
    },
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
  let serving = unavailable('The local stack is starting.');
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

function unavailable(text: string): RequestListener {
  return (_, response) => {
    response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '1' }).end(text);
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

function settingsOf({ razorpay = {}, stripe = {} }: StackOptions) {
  return { razorpay, stripe };
}
