import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import {
  type FunctionError,
  type Invocation,
  type WorkerData,
  type WorkerMessage,
  workerMessageSchema,
} from '#infra/local/lambda/messages';
import { workerCode } from '#infra/local/lambda/worker-code';
import type { FunctionModel } from '#infra/local/template/model';

/** How an event ended. A failed one says why, because event sources and the gateway treat it by that. */
export type InvocationResult =
  | { readonly ok: true; readonly requestId: string; readonly payload: string }
  | {
      readonly ok: false;
      readonly requestId: string;
      readonly reason: 'error' | 'timeout' | 'throttled' | 'too_large';
      readonly error: FunctionError;
    };

export interface FunctionPool {
  /** Runs the function on an event, given as JSON text. Never rejects. */
  invoke(event: string): Promise<InvocationResult>;
  /** Events that have come and not ended. */
  readonly running: () => number;
  close(): Promise<void>;
}

export interface FunctionPoolOptions {
  readonly model: FunctionModel;
  readonly functionArn: string;
  /** All that the function sees as its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly offset: SharedArrayBuffer;
  readonly redirects: Readonly<Record<string, number>>;
  /** Takes what the function prints. */
  readonly print: (text: string) => void;
}

/** Two cores gain nothing from more; further events wait for a free worker, as they would not on AWS. */
const WORKERS_MAX = 6;
/** Lambda gives a function this long to load. */
const INIT_TIMEOUT_MS = 10_000;
/** Lambda's limit for the event and for the answer of a synchronous call. */
export const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024;

interface Job {
  readonly invocation: Invocation;
  readonly settle: (result: InvocationResult) => void;
}

interface Environment {
  readonly worker: Worker;
  job?: Job | undefined;
  timer?: NodeJS.Timeout | undefined;
}

/**
 * The execution environments of one function: worker threads that handle one event at a time, more
 * of them under load, each ended when an event takes longer than the function's timeout. Reserved
 * concurrency throttles as it does on AWS.
 */
export function createFunctionPool(options: FunctionPoolOptions): FunctionPool {
  const { model } = options;
  const environments = new Set<Environment>();
  const idle: Environment[] = [];
  const waiting: Job[] = [];
  let running = 0;
  let closed = false;

  const next = (): void => {
    const job = waiting[0];
    if (job === undefined) return;
    const environment = idle.pop();
    if (environment !== undefined) {
      waiting.shift();
      begin(environment, job);
    } else if (
      environments.size < Math.min(WORKERS_MAX, model.reservedConcurrency ?? WORKERS_MAX)
    ) {
      waiting.shift();
      start(job);
    }
  };

  const begin = (environment: Environment, job: Job): void => {
    environment.job = job;
    environment.timer = setTimeout(() => timeOut(environment), model.timeoutMs);
    environment.worker.postMessage(job.invocation);
  };

  const start = (job: Job): void => {
    const environment: Environment = { worker: startWorker(options), job };
    environments.add(environment);
    environment.timer = setTimeout(
      () => lose(environment, 'timeout', initTimedOut()),
      INIT_TIMEOUT_MS,
    );
    environment.worker.on('message', (message: unknown) => {
      hear(environment, workerMessageSchema.parse(message));
    });
    environment.worker.on('error', (error) => {
      lose(environment, 'error', crashed(error));
    });
    environment.worker.on('exit', (code) => {
      lose(environment, 'error', {
        errorType: 'Runtime.ExitError',
        errorMessage: `RequestId: ${environment.job?.invocation.requestId ?? ''} Error: Runtime exited with status ${code}`,
      });
    });
  };

  const hear = (environment: Environment, message: WorkerMessage): void => {
    const { job } = environment;
    clearTimeout(environment.timer);
    if (message.kind === 'unusable') {
      lose(environment, 'error', message.error);
      return;
    }
    if (job === undefined) return;
    if (message.kind === 'ready') {
      begin(environment, job);
      return;
    }
    environment.job = undefined;
    idle.push(environment);
    job.settle(toResult(message));
    next();
  };

  const timeOut = (environment: Environment): void => {
    const requestId = environment.job?.invocation.requestId ?? '';
    const seconds = (model.timeoutMs / 1000).toFixed(2);
    const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`;
    options.print(`${errorMessage}\n`);
    lose(environment, 'timeout', { errorType: 'Sandbox.Timedout', errorMessage });
  };

  /** Ends an environment that cannot go on; its event, if it has one, ends with it. */
  const lose = (
    environment: Environment,
    reason: 'error' | 'timeout',
    error: FunctionError,
  ): void => {
    if (!environments.delete(environment)) return;
    clearTimeout(environment.timer);
    const position = idle.indexOf(environment);
    if (position !== -1) idle.splice(position, 1);
    void environment.worker.terminate();
    const { job } = environment;
    if (job !== undefined) {
      job.settle({ ok: false, requestId: job.invocation.requestId, reason, error });
    }
    next();
  };

  return {
    running: () => running,
    invoke: async (event) => {
      const requestId = randomUUID();
      const refusal = closed
        ? { reason: 'error' as const, error: stopped() }
        : refuse({ event, running, reserved: model.reservedConcurrency });
      if (refusal !== undefined) return { ok: false, requestId, ...refusal };
      running += 1;
      try {
        return await new Promise<InvocationResult>((settle) => {
          const invocation = { requestId, event, timeoutMs: model.timeoutMs };
          waiting.push({ invocation, settle });
          next();
        });
      } finally {
        running -= 1;
      }
    },
    close: async () => {
      closed = true;
      for (const { invocation, settle } of waiting.splice(0)) {
        settle({ ok: false, requestId: invocation.requestId, reason: 'error', error: stopped() });
      }
      const all = [...environments];
      for (const environment of all) lose(environment, 'error', stopped());
      await Promise.all(all.map(({ worker }) => worker.terminate()));
    },
  };
}

function startWorker(options: FunctionPoolOptions): Worker {
  const { environment, model, print } = options;
  const data: WorkerData = {
    bundle: join(model.directory, 'index.js'),
    handler: model.handler,
    offset: options.offset,
    redirects: options.redirects,
    functionName: model.name,
    functionArn: options.functionArn,
    memoryMb: model.memoryMb,
  };
  const worker = new Worker(workerCode(), {
    eval: true,
    env: { ...environment },
    // None of the flags of this process; and how the bundle is loaded is no news for its log.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    name: model.name,
    resourceLimits: { maxOldGenerationSizeMb: model.memoryMb },
    stderr: true,
    stdout: true,
    workerData: data,
  });
  for (const stream of [worker.stdout, worker.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', print);
  }
  return worker;
}

function refuse(request: {
  readonly event: string;
  readonly running: number;
  readonly reserved: number | undefined;
}): { reason: 'throttled' | 'too_large'; error: FunctionError } | undefined {
  if (request.reserved !== undefined && request.running >= request.reserved) {
    return {
      reason: 'throttled',
      error: { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.' },
    };
  }
  if (Buffer.byteLength(request.event) > PAYLOAD_BYTES_MAX) {
    return {
      reason: 'too_large',
      error: {
        errorType: 'RequestEntityTooLargeException',
        errorMessage: `Request must be smaller than ${PAYLOAD_BYTES_MAX} bytes for the InvokeFunction operation`,
      },
    };
  }
  return undefined;
}

function toResult(message: Extract<WorkerMessage, { requestId: string }>): InvocationResult {
  const { requestId } = message;
  if (message.kind === 'error') {
    return { ok: false, requestId, reason: 'error', error: message.error };
  }
  if (Buffer.byteLength(message.payload) > PAYLOAD_BYTES_MAX) {
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${PAYLOAD_BYTES_MAX} bytes).`;
    const error = { errorType: 'Function.ResponseSizeTooLarge', errorMessage };
    return { ok: false, requestId, reason: 'error', error };
  }
  return { ok: true, requestId, payload: message.payload };
}

function crashed(error: unknown): FunctionError {
  const [errorType, errorMessage] =
    error instanceof Error ? [error.name, error.message] : ['Runtime.Unknown', String(error)];
  return { errorType, errorMessage };
}

function initTimedOut(): FunctionError {
  return {
    errorType: 'Sandbox.Timedout',
    errorMessage: `The function was not loaded after ${INIT_TIMEOUT_MS / 1000} seconds.`,
  };
}

function stopped(): FunctionError {
  return { errorType: 'Local.Stopped', errorMessage: 'The local stack has stopped.' };
}
