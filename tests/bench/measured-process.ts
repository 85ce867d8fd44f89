import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setting } from '#tests/bench/variants/sample';

/*
 * The process in which one variant runs alone: bundled like a function, so that nothing is loaded that it would not
 * have. It loads the variant, answers the first event, then many, and prints the CPU that each took, in microseconds.
 */

type Handler = (event: unknown, context: object) => Promise<unknown>;

void run();

async function run(): Promise<void> {
  const events = readFileSync(setting('BENCH_EVENTS'), 'utf8').split('\n');
  const warmUp = Number(setting('BENCH_WARM_UP'));
  const began = cpu();
  const handle = load(setting('BENCH_BUNDLE'), setting('BENCH_EXPORT'));
  const loaded = cpu();
  const builtins = builtinsLoaded();
  // Not before: it would load for the variant what that has not loaded itself.
  const { redirectHttps } = await import('#infra/local/lambda/redirect-https');
  redirectHttps({ [setting('BENCH_ISSUER_HOST')]: Number(setting('BENCH_ISSUER_PORT')) });
  const [first = '', ...more] = events;
  await answer(handle, first);
  const answered = cpu();
  for (const event of more.slice(0, warmUp)) await answer(handle, event);
  const warm = cpu();
  const measured = more.slice(warmUp);
  for (const event of measured) await answer(handle, event);
  const figures = {
    load: loaded - began,
    first: answered - loaded,
    each: measured.length === 0 ? 0 : (cpu() - warm) / measured.length,
    builtins,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit());
}

async function answer(handle: Handler, text: string): Promise<void> {
  const event: unknown = JSON.parse(text);
  const result = await handle(event, context);
  const status: unknown =
    typeof result === 'object' && result !== null ? Reflect.get(result, 'statusCode') : undefined;
  if (typeof status === 'number' && status >= 300) throw new Error(JSON.stringify(result));
}

const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 };

function load(bundle: string, name: string): Handler {
  const handler: unknown = Reflect.get(createRequire(bundle)(bundle), name);
  if (!isHandler(handler)) throw new TypeError(`${bundle} exports no ${name}`);
  return handler;
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Node's own modules that are loaded: what a start pays for, and the same in every run. */
function builtinsLoaded(): number {
  const list: unknown = Reflect.get(process, 'moduleLoadList');
  if (!Array.isArray(list)) return 0;
  return list.filter((name) => String(name).startsWith('NativeModule')).length;
}
