import { randomBytes } from 'node:crypto';
import { type IdKind, ID_PREFIXES } from '#lib/contract/ids';
import { createLog, type Log } from '#lib/http/log';
import { invariant } from '#lib/invariant';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What only an entry point may touch: environment, clock, randomness, log (STYLE 12). A `handler.ts` makes it once
 * and everything below takes what it needs from it.
 */
export interface Runtime {
  readonly env: Environment;
  readonly now: () => Date;
  /** A new id with the prefix of its kind; ids of one kind sort by the time they were made. */
  readonly newId: (kind: IdKind) => string;
  readonly log: Log;
}

/** The runtime of a Lambda function: `lambdaRuntime({ env: process.env, now: () => new Date() })`. */
export function lambdaRuntime(source: Pick<Runtime, 'env' | 'now'>): Runtime {
  const { env, now } = source;
  return { env, now, newId: (kind) => newId(kind, now()), log: createLog() };
}

/** A variable that the stack sets; without it the function cannot work, and says so at once. */
export function requireVariable(env: Environment, name: string): string {
  const value = env[name];
  invariant(value !== undefined && value !== '', `the environment variable ${name} is set`);
  return value;
}

// Crockford's alphabet: no letters that look like digits.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;

/** 48 bits of time, then 80 bits of chance, as in a ULID. */
function newId(kind: IdKind, now: Date): string {
  let time = '';
  for (let rest = now.getTime(); time.length < TIME_DIGITS; rest = Math.floor(rest / 32)) {
    time = ALPHABET.charAt(rest % 32) + time;
  }
  const random = [...randomBytes(RANDOM_DIGITS)].map((byte) => ALPHABET.charAt(byte % 32)).join('');
  return `${ID_PREFIXES[kind]}_${time}${random}`;
}
