import { createLog, type Log } from '#lib/http/log';
import { invariant } from '#lib/invariant';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What only an entry point may touch: environment, clock, log. A `handler.ts` makes it once and everything
 * below takes what it needs from it.
 */
export interface Runtime {
  readonly env: Environment;
  readonly now: () => Date;
  readonly log: Log;
}

/** The runtime of a Lambda function: `lambdaRuntime({ env: process.env, now: () => new Date() })`. */
export function lambdaRuntime(source: Pick<Runtime, 'env' | 'now'>): Runtime {
  const { env, now } = source;
  return { env, now, log: createLog() };
}

/** A variable that the stack sets; without it the function cannot work, and says so at once. */
export function requireVariable(env: Environment, name: string): string {
  const value = env[name];
  invariant(value !== undefined && value !== '', `the environment variable ${name} is set`);
  return value;
}
