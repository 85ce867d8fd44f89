import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { compileFunction } from 'node:vm';
import type { FunctionModel } from '#infra/local/template/model';
import { invariant } from '#lib/invariant';
import { type Outlet, openSeam, type Seam } from '#tests/faults/seam';

/*
 * One life of a Lambda function: its built bundle, evaluated anew, with only its own environment. Whatever it asks of
 * the outside goes through a seam. A function that has died neither hears an answer nor wakes from a timer, and the next
 * life is another evaluation: no catch of the dead one goes on, and nothing that it kept in memory is left.
 */

export interface Life {
  readonly invoke: (event: unknown, context: unknown) => Promise<unknown>;
  /** What happens to its calls from now on, which are counted from 1 again. */
  readonly follow: Seam['follow'];
  readonly isDead: () => boolean;
  readonly died: Promise<'died'>;
  readonly struck: Seam['struck'];
  /** What it printed. */
  readonly printed: readonly string[];
}

export interface LifeOptions {
  readonly model: Pick<FunctionModel, 'directory' | 'handler'>;
  readonly environment: Readonly<Record<string, string>>;
  readonly outlet: Outlet;
  /** Whether backoff really waits, as it must where lives race each other. */
  readonly isPatient?: boolean;
}

/** Who only waits until it asks again hands over a promise's own `resolve`; a limit has something to do when it is reached. */
const isTimeLimit = (run: unknown, ms: number): boolean =>
  ms >= 1_000 && !String(run).includes('[native code]');

/** No fault is one of waiting in vain, so a limit that is reached tells of a busy machine only. */
const LIMIT_FACTOR = 20;

export function startLife({ model, environment, outlet, isPatient = false }: LifeOptions): Life {
  const seam = openSeam(outlet);
  const printed: string[] = [];
  let waitedMs = 0;
  const pause = async (ms: number): Promise<void> => {
    waitedMs += isPatient ? 0 : ms;
    await new Promise((resolve) => setTimeout(resolve, isPatient ? ms : 0));
    if (seam.isDead()) await Promise.withResolvers().promise;
  };
  const bundle = join(model.directory, 'index.js');
  const requireBuiltin = createRequire(bundle);
  const replaced = new Map<string, unknown>([
    ['http', { ...http, request: seam.request, get: seam.get }],
    ['https', { ...https, request: seam.request, get: seam.get }],
    ['timers/promises', { setTimeout: pause }],
  ]);
  const module = { exports: {} };
  evaluate(bundle, {
    exports: module.exports,
    require: (name: string): unknown =>
      replaced.get(name.replace(/^node:/, '')) ?? requireBuiltin(name),
    module,
    __filename: bundle,
    __dirname: dirname(bundle),
    process: processOf(environment, printed, () => process.uptime() + waitedMs / 1_000),
    setTimeout: (run: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) =>
      setTimeout(
        () => {
          if (!seam.isDead()) run(...values);
        },
        isTimeLimit(run, ms) ? ms * LIMIT_FACTOR : isPatient ? ms : 0,
      ),
  });
  const handler: unknown = Reflect.get(module.exports, model.handler);
  invariant(isCallable(handler), `${bundle} exports its handler`);
  return {
    invoke: async (event, context) => Reflect.apply(handler, undefined, [event, context]),
    follow: seam.follow,
    isDead: seam.isDead,
    died: seam.died,
    struck: seam.struck,
    printed,
  };
}

/** Compiled once, evaluated for every life. */
const compiled = new Map<string, unknown>();

function evaluate(bundle: string, scope: Readonly<Record<string, unknown>>): void {
  const run = compiled.get(bundle) ?? compile(bundle, Object.keys(scope));
  compiled.set(bundle, run);
  invariant(isCallable(run), 'a bundle is code');
  Reflect.apply(run, undefined, Object.values(scope));
}

function compile(bundle: string, names: readonly string[]): unknown {
  // The SDK loads plain http only when it comes to need it, past any `require`.
  const lazily = /\bimport\("node:http"\)/g;
  const source = readFileSync(bundle, 'utf8');
  const text = source.replaceAll(lazily, 'Promise.resolve(require("node:http"))');
  return compileFunction(text, names, { filename: bundle });
}

/** The process as a function sees it: its own environment, and its output kept for the test. */
function processOf(
  environment: Readonly<Record<string, string>>,
  printed: string[],
  uptime: () => number,
): unknown {
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      printed.push(String(chunk));
      done();
    },
  });
  const own = new Map<string | symbol, unknown>([
    ['env', { ...environment }],
    ['stdout', output],
    ['stderr', output],
    ['uptime', uptime],
  ]);
  return new Proxy(process, {
    get: (target, name): unknown => (own.has(name) ? own.get(name) : Reflect.get(target, name)),
  });
}

function isCallable(value: unknown): value is (...values: unknown[]) => unknown {
  return typeof value === 'function';
}
