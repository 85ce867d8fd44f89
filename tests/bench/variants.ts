import { copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { build } from 'esbuild';
import * as z from 'zod';
import { buildFunctions, bundling } from '#infra/bundle/build-functions';
import { entryToItem, headToItem } from '#lib/store/items';
import { eventsOf, type Operation } from '#tests/bench/events';
import { startTlsFront } from '#tests/bench/tls-front';
import { SIGNED_WALLET } from '#tests/bench/variants/sample';
import { CLIENTS, type Issuer, startIssuer } from '#tests/identity/issuer';
import { addWork, openTestLedger, spendWork, type TestLedger } from '#tests/support/ledger';

/** Who answers an operation: the service's own bundle, or one of what it is compared with. */
export type Variant = 'service' | 'bare-sdk' | 'hand-signed' | 'idempotency-wrapper';

const figuresSchema = z.object({
  load: z.number(),
  first: z.number(),
  each: z.number(),
  builtins: z.number(),
});
/** CPU in microseconds, and how many of Node's modules were loaded before the first event. */
export type Figures = z.infer<typeof figuresSchema>;

export interface Bed {
  readonly store: TestLedger;
  readonly issuer: Issuer;
  /** The size of a variant's bundle. */
  bytes(variant: Variant, operation: Operation): number;
  /** Runs a variant in a process of its own: one event, some to warm up, then those that count. */
  run(options: Run): Promise<Figures>;
  close(): Promise<void>;
}

export interface Run {
  readonly variant: Variant;
  readonly operation: Operation;
  readonly warmUp: number;
  readonly calls: number;
}

const FOLDER = join(import.meta.dirname, '../../.build/bench');
const FUNCTIONS = {
  spend: 'service',
  balance: 'wallet',
  history: 'wallet',
  fulfill: 'fulfillment',
} as const;

/** A table, an issuer and the bundles of everything that is compared. */
export async function openBed(): Promise<Bed> {
  const [store, issuer] = await Promise.all([openTestLedger(), startIssuer(), bundleVariants()]);
  const front = await startTlsFront(store.config.endpoint);
  const sample = await sampleOf(store);
  const fileOf = (variant: Variant, operation: Operation) =>
    join(FOLDER, `${variant === 'service' ? FUNCTIONS[operation] : variant}.cjs`);
  let runs = 0;
  return {
    store,
    issuer,
    bytes: (variant, operation) => statSync(fileOf(variant, operation)).size,
    run: async ({ variant, operation, warmUp, calls }) => {
      runs += 1;
      const file = join(FOLDER, `events-${runs}.jsonl`);
      const count = 1 + warmUp + calls;
      const events = await eventsOf(operation, { store, issuer, run: runs, count });
      writeFileSync(file, events.map((event) => JSON.stringify(event)).join('\n'));
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [join(FOLDER, 'measured-process.cjs')],
        {
          env: {
            ...LAMBDA_VARIABLES,
            AWS_ENDPOINT_URL_DYNAMODB: front.url,
            NODE_EXTRA_CA_CERTS: front.certificateFile,
            TABLE_NAME: store.tableName,
            ...sample,
            BENCH_BUNDLE: fileOf(variant, operation),
            BENCH_EXPORT: variant === 'service' ? 'handler' : operation,
            BENCH_EVENTS: file,
            BENCH_WARM_UP: String(warmUp),
            BENCH_ISSUER_HOST: `cognito-idp.${issuer.region}.amazonaws.com`,
            BENCH_ISSUER_PORT: String(issuer.port),
            AWS_REGION: issuer.region,
            USER_POOL_ID: issuer.pool.userPoolId,
          },
        },
      );
      return figuresSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
    },
    close: async () => {
      issuer.close();
      await front.close();
      await store.close();
    },
  };
}

/** What Lambda and the stack would set. */
const LAMBDA_VARIABLES = {
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
  APP_CLIENT_ID: CLIENTS.user,
  ADMIN_CLIENT_ID: CLIENTS.admin,
  SERVICE_CLIENT_ID: CLIENTS.service,
  STRIPE_LIVEMODE: 'false',
  TZ: 'UTC',
};

/** The head and the entry of an ordinary spend, as they go over the wire. */
async function sampleOf(store: TestLedger) {
  const wallet = { userId: 'sample', creditType: 'general' };
  await store.ledger.run(addWork({ wallet, amount: 1_000_000, cause: 'sample' }));
  for (let n = 0; n < 20; n += 1) {
    await store.ledger.run(spendWork({ wallet, amount: 1, cause: `sample-${n}` }));
  }
  const head = await store.ledger.loadHead(wallet);
  const { entries } = await store.history.page({ wallet, offset: 0, limit: 1 });
  const [entry] = entries;
  if (entry === undefined) throw new Error('the sample has an entry');
  const Item = { ...headToItem(head), pk: SIGNED_WALLET };
  await store.documents.send(new PutCommand({ TableName: store.tableName, Item }));
  return {
    BENCH_HEAD: JSON.stringify(marshall(headToItem(head), { removeUndefinedValues: true })),
    BENCH_ENTRY: JSON.stringify(marshall(entryToItem(entry), { removeUndefinedValues: true })),
  };
}

/** `.cjs`, because the project's package.json stands above them. */
async function bundleVariants(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const functions = await buildFunctions();
  for (const { name, directory } of functions) {
    copyFileSync(join(directory, 'index.js'), join(FOLDER, `${name}.cjs`));
  }
  const entry = (path: string) => join(import.meta.dirname, path);
  const options = {
    ...bundling,
    entryNames: '[name]',
    outdir: FOLDER,
    outExtension: { '.js': '.cjs' },
  };
  await build({
    ...options,
    entryPoints: [entry('variants/hand-signed.ts'), entry('measured-process.ts')],
  });
  // What others write has the SDK as it is.
  await build({
    ...options,
    plugins: [],
    entryPoints: [entry('variants/bare-sdk.ts'), entry('variants/idempotency-wrapper.ts')],
  });
}
