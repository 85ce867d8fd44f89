import { LocalStackError } from '#infra/local/local-stack-error';
import { type Stack, startStack } from '#infra/local/stack';
import { TemplateError } from '#infra/local/template/template-error';

/*
 * `npm start`: the whole deployment on this machine until Ctrl-C. `PORT` (3000), `DATA_DIR` (.local),
 * `--reset` to begin anew; with `STRIPE_API_KEY`, or `RAZORPAY_KEY_ID` and `RAZORPAY_KEY_SECRET` (test
 * keys), the real provider takes its stand-in's place.
 */

const PORT_DEFAULT = '3000';
const PORT_MAX = 65_535;

try {
  await run();
} catch (error) {
  if (!(error instanceof LocalStackError || error instanceof TemplateError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const reset = readReset(process.argv.slice(2));
  let stop: (code: number) => void = () => undefined;
  const stopped = new Promise<number>((done) => {
    stop = done;
  });
  // From the first moment on: a Ctrl-C during the start must leave nothing behind either.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop(0));
  }
  const starting = startStack({
    port: readPort(),
    dataDir: process.env['DATA_DIR'] ?? '.local',
    reset,
    stripe: {
      ...fromEnvironment('apiKey', 'STRIPE_API_KEY'),
      ...fromEnvironment('webhookSecret', 'STRIPE_WEBHOOK_SECRET'),
    },
    razorpay: {
      ...razorpayKeyFromEnvironment(),
      ...fromEnvironment('webhookSecret', 'RAZORPAY_WEBHOOK_SECRET'),
    },
    log: (line) => console.error(line),
    onFailure: (reason) => {
      console.error(reason);
      stop(1);
    },
  });
  const stack = await starting;
  welcome(stack);
  process.exitCode = await stopped;
  await stack.close();
}

function welcome({ info, url }: Stack): void {
  const token = `curl -s -X POST ${url}/local/tokens -H 'content-type: application/json' -d '{"sub":"alice","email":"alice@example.com"}'`;
  const lines = [
    `ready ${url}`,
    `  A token:   ${token}`,
    `  E-mails:   ${url}/local/emails`,
    `  All about: ${url}/local/info`,
    `  Checkout:  POST ${url}/credits/checkout answers with a page to pay on (${info.stripe === 'real' ? 'the real Stripe in test mode' : 'a stand-in for Stripe'})`,
    `  Data:      ${info.dataDir} (logs of the functions in logs/; --reset begins anew)`,
  ];
  console.log(lines.join('\n'));
}

function readReset(args: readonly string[]): boolean {
  const unknown = args.find((argument) => argument !== '--reset');
  if (unknown === undefined) return args.length > 0;
  throw new LocalStackError(`"${unknown}" is not known: the only flag is --reset.`);
}

function readPort(): number {
  const text = process.env['PORT'] ?? PORT_DEFAULT;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= PORT_MAX) return port;
  throw new LocalStackError(`PORT is "${text}", which is no port between 0 and ${PORT_MAX}.`);
}

function razorpayKeyFromEnvironment() {
  const { id } = fromEnvironment('id', 'RAZORPAY_KEY_ID');
  const { secret } = fromEnvironment('secret', 'RAZORPAY_KEY_SECRET');
  if (id === undefined && secret === undefined) return {};
  if (id !== undefined && secret !== undefined) return { key: { id, secret } };
  throw new LocalStackError('RAZORPAY_KEY_ID and RAZORPAY_KEY_SECRET belong together.');
}

function fromEnvironment<const K extends string>(
  key: K,
  variable: string,
): Partial<Record<K, string>> {
  const record: Partial<Record<K, string>> = {};
  const value = process.env[variable];
  return value === undefined || value === '' ? record : { ...record, [key]: value };
}
