import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { compileFunction, constants } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';

import type {
  FunctionError,
  Invocation,
  WorkerData,
  WorkerMessage,
} from '#infra/local/lambda/messages';
import { redirectHttps } from '#infra/local/lambda/redirect-https';
import { shiftDate } from '#infra/local/lambda/shift-date';

/**
 * One execution environment of one function: the thread's entry point. It prepares the thread, loads
 * the bundle once and then handles one event after another, as Lambda's Node runtime does.
 */
type Handler = (event: unknown, context: unknown) => unknown;

start();

function start(): void {
  const port = parentPort;
  const data: unknown = workerData;
  if (port === null || !isWorkerData(data)) throw new TypeError('This file runs as a worker.');
  const say = (message: WorkerMessage): void => port.postMessage(message);
  let handler: Handler;
  try {
    shiftDate(data.offset);
    redirectHttps(data.redirects);
    handler = loadHandler(data);
  } catch (error) {
    say({ kind: 'unusable', error: toFunctionError(error) });
    return;
  }
  port.on('message', (invocation: Invocation) => {
    void handle({ data, handler, invocation }).then(say);
  });
  say({ kind: 'ready' });
}

async function handle(call: {
  readonly data: WorkerData;
  readonly handler: Handler;
  readonly invocation: Invocation;
}): Promise<WorkerMessage> {
  const { handler, invocation } = call;
  const { requestId } = invocation;
  try {
    const event: unknown = JSON.parse(invocation.event);
    const result: unknown = await handler(event, context(call.data, invocation));
    // A handler that returns nothing answers null.
    return { kind: 'result', requestId, payload: JSON.stringify(result ?? null) };
  } catch (error) {
    const failure = toFunctionError(error);
    process.stderr.write(`${JSON.stringify({ level: 'ERROR', requestId, ...failure })}\n`);
    return { kind: 'error', requestId, error: failure };
  }
}

/**
 * The bundle is compiled by hand because Lambda has no package.json beside it, while here the
 * project's own would make Node take the file for an ES module.
 */
function loadHandler({ bundle, handler: name }: WorkerData): Handler {
  const module = { exports: {} };
  const run: unknown = compileFunction(
    readFileSync(bundle, 'utf8'),
    ['exports', 'require', 'module', '__filename', '__dirname'],
    { filename: bundle, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER },
  );
  if (typeof run === 'function') {
    const scope = [module.exports, createRequire(bundle), module, bundle, dirname(bundle)];
    Reflect.apply(run, module.exports, scope);
  }
  const handler: unknown = Reflect.get(module.exports, name);
  if (isHandler(handler)) return handler;
  throw new TypeError(`${bundle} does not export a function "${name}".`);
}

function context(data: WorkerData, { requestId, timeoutMs }: Invocation) {
  // The machine's own clock: a jump of the stack's clock must not use up the time that is left.
  const endsAt = performance.now() + timeoutMs;
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: data.functionName,
    functionVersion: '$LATEST',
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(endsAt - performance.now())),
    invokedFunctionArn: data.functionArn,
    logGroupName: `/aws/lambda/${data.functionName}`,
    logStreamName: `local/${requestId}`,
    memoryLimitInMB: String(data.memoryMb),
  };
}

function toFunctionError(error: unknown): FunctionError {
  if (!(error instanceof Error)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  return {
    errorType: error.name,
    errorMessage: error.message,
    trace: (error.stack ?? '').split('\n'),
  };
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}

function isWorkerData(value: unknown): value is WorkerData {
  return typeof value === 'object' && value !== null && 'bundle' in value && 'offset' in value;
}
