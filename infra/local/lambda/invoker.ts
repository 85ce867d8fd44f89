import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

import {
  createFunctionPool,
  type FunctionPool,
  type InvocationResult,
} from '#infra/local/lambda/function-pool';
import { LocalStackError } from '#infra/local/local-stack-error';
import type { FunctionModel } from '#infra/local/template/model';
import type { Place } from '#infra/local/template/resolve';

/** Calls functions by the names of their bundles. */
export interface Invoker {
  /** Runs a function on an event; a failure is a result. Rejects only for a name that no function has. */
  invoke(functionName: string, event: unknown): Promise<InvocationResult>;
  /** Whether no event is being handled. */
  idle(): boolean;
  /** How many events there have been. */
  calls(): number;
  close(): Promise<void>;
}

export interface InvokerOptions {
  readonly functions: readonly FunctionModel[];
  readonly place: Place;
  /** Variables that every function gets beside its own, such as the endpoints of the stand-ins. */
  readonly environment: Readonly<Record<string, string>>;
  readonly offset: SharedArrayBuffer;
  readonly redirects: Readonly<Record<string, number>>;
  /** Each function prints into `<name>.log` of this folder. */
  readonly logDirectory: string;
}

/** Makes the functions callable; their workers start with their first events. */
export function createInvoker(options: InvokerOptions): Invoker {
  mkdirSync(options.logDirectory, { recursive: true });
  const logs: WriteStream[] = [];
  const pools = new Map<string, FunctionPool>();
  let calls = 0;
  for (const model of options.functions) {
    const log = createWriteStream(join(options.logDirectory, `${model.name}.log`), { flags: 'a' });
    logs.push(log);
    const pool = createFunctionPool({
      model,
      functionArn: arnOf(options.place, model.name),
      environment: {
        ...lambdaVariables(options.place, model),
        ...options.environment,
        ...model.environment,
      },
      offset: options.offset,
      redirects: options.redirects,
      print: (text) => log.write(text),
    });
    pools.set(model.name, pool);
  }
  return {
    invoke: async (functionName, event) => {
      const pool = pools.get(functionName);
      if (pool === undefined) {
        const known = [...pools.keys()].sort().join(', ');
        throw new LocalStackError(`There is no function "${functionName}"; there are ${known}.`);
      }
      calls += 1;
      return pool.invoke(JSON.stringify(event ?? null));
    },
    idle: () => [...pools.values()].every((pool) => pool.running() === 0),
    calls: () => calls,
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
      await Promise.all(logs.map((log) => new Promise((done) => log.end(done))));
    },
  };
}

export function arnOf(place: Place, functionName: string): string {
  return `arn:aws:lambda:${place.region}:${place.accountId}:function:${functionName}`;
}

/** The functions' secret: it opens nothing but the stand-ins, and signs links to their files. */
export const LOCAL_SECRET_ACCESS_KEY = 'local';

/** What Lambda itself sets. The credentials are no secret: they open nothing but the stand-ins. */
export function lambdaVariables(
  place: Place,
  model: FunctionModel,
): Readonly<Record<string, string>> {
  return {
    AWS_ACCESS_KEY_ID: 'local',
    // Lambda has no such files; this machine's must not reach a function.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_DEFAULT_REGION: place.region,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(model.memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: model.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${model.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    AWS_REGION: place.region,
    AWS_SECRET_ACCESS_KEY: LOCAL_SECRET_ACCESS_KEY,
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    LANG: 'en_US.UTF-8',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LAMBDA_TASK_ROOT: model.directory,
    TZ: ':UTC',
    _HANDLER: `index.${model.handler}`,
  };
}
