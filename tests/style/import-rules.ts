/** What the files of one area may import. */
export interface ImportRule {
  /** The beginning of the area's paths; where several fit, the longest counts. */
  readonly area: string;
  /** Beginnings of our own paths; everything else of ours is refused. */
  readonly own: readonly string[];
  /** Packages and builtins; `stripe` also means `stripe/...`. Everything else is refused. */
  readonly packages: readonly string[];
}

const domains = [
  'lib/accounts/',
  'lib/admin/',
  'lib/alerts/',
  'lib/applications/',
  'lib/bulk/',
  'lib/catalog/',
  'lib/exports/',
  'lib/jobs/',
  'lib/limits/',
  'lib/notifications/',
  'lib/promo/',
  'lib/purchases/',
  'lib/reports/',
  'lib/requests/',
  'lib/settings/',
  'lib/subscriptions/',
  'lib/topups/',
  'lib/wallets/',
];
const leaves = ['lib/invariant.ts', 'lib/id-prefixes.ts'];
const core = [...leaves, 'lib/ledger/'];
const rules = [...core, 'lib/turns.ts', 'lib/contract/', 'lib/ports.ts', ...domains];

/** The directions of imports (DESIGN 8). Types count like values: who knows a type depends on it. */
export const importRules: readonly ImportRule[] = [
  ...[...leaves, 'lib/turns.ts'].map((area) => ({ area, own: [], packages: [] })),
  { area: 'lib/contract/', own: ['lib/id-prefixes.ts', 'lib/contract/'], packages: ['zod'] },
  // The pure core: no clock, no I/O, no SDK.
  { area: 'lib/ledger/', own: core, packages: ['node:crypto'] },
  { area: 'lib/ports.ts', own: rules, packages: [] },
  // Commands of a domain know what a provider's event says, and not where it comes from.
  ...domains.map((area) => ({
    area,
    own: [...rules, 'lib/payments/payment-event.ts', 'lib/payments/subscription-event.ts'],
    packages: ['zod', 'node:crypto'],
  })),
  {
    area: 'lib/store/',
    own: [...rules, 'lib/store/'],
    packages: [
      '@aws-sdk/client-dynamodb',
      '@aws-sdk/util-dynamodb',
      'node:crypto',
      'node:timers/promises',
      'zod',
    ],
  },
  {
    area: 'lib/payments/',
    own: [...rules, 'lib/payments/'],
    packages: ['stripe', 'razorpay', 'node:crypto', 'node:http', 'node:https', 'zod'],
  },
  // Where a deployment's secrets meet the clients that need them.
  {
    area: 'lib/payments/provider-accounts.ts',
    own: [...rules, 'lib/http/runtime.ts', 'lib/payments/', 'lib/secrets/'],
    packages: [],
  },
  {
    area: 'lib/messaging/',
    own: [...rules, 'lib/messaging/'],
    packages: [
      '@aws-sdk/client-sqs',
      '@aws-sdk/client-ses',
      '@aws-sdk/client-eventbridge',
      'node:crypto',
      'zod',
    ],
  },
  {
    area: 'lib/files/',
    own: ['lib/invariant.ts', 'lib/ports.ts', 'lib/files/'],
    packages: ['@aws-sdk/client-s3', '@aws-sdk/s3-request-presigner'],
  },
  {
    area: 'lib/secrets/',
    own: ['lib/invariant.ts', 'lib/secrets/'],
    packages: ['@aws-sdk/client-secrets-manager', 'zod'],
  },
  {
    area: 'lib/identity/',
    own: ['lib/invariant.ts', 'lib/contract/', 'lib/identity/'],
    packages: ['aws-jwt-verify', 'node:crypto', 'zod'],
  },
  {
    area: 'lib/http/',
    own: [...rules, 'lib/identity/', 'lib/http/'],
    packages: [
      '@aws-lambda-powertools',
      '@middy',
      // Types of events only.
      'aws-lambda',
      'csv-parse',
      'csv-stringify',
      'node:crypto',
      'zod',
    ],
  },
  // An entry point may wire everything of lib together; another function is not its business.
  {
    area: 'functions/',
    own: ['lib/', 'functions/{same}/'],
    packages: ['@middy', 'aws-lambda', 'node:fs/promises', 'node:path', 'zod'],
  },
  // The template is made of names and shapes that it shares with what runs in it, never of that itself.
  {
    area: 'infra/',
    own: [
      'infra/',
      'lib/contract/',
      'lib/http/metrics.ts',
      'lib/identity/permissions.ts',
      'lib/invariant.ts',
      'lib/store/schema.ts',
    ],
    packages: ['aws-cdk-lib', 'cdk-nag', 'constructs', 'node'],
  },
  {
    area: 'infra/bundle/',
    own: ['infra/bundle/', 'lib/contract/', 'lib/invariant.ts'],
    packages: ['@aws-sdk/credential-provider-env', 'esbuild', 'node', 'typescript', 'zod'],
  },
  // The stand-ins speak the providers' and AWS' own protocols: sharing the product's code would hide its mistakes.
  {
    area: 'infra/local/',
    own: ['infra/', 'lib/contract/', 'lib/invariant.ts', 'lib/store/schema.ts'],
    packages: [
      '@aws-sdk',
      '@dynoxide',
      'aws-cdk-lib',
      'croner',
      // Makes the program of the worker threads.
      'esbuild',
      'jose',
      'node',
      'razorpay',
      'stripe',
      'zod',
    ],
  },
  // What proves an export is taken away by who distrusts us: one file, and Node.
  { area: 'lib/exports/prove-export.ts', own: [], packages: ['node'] },
  { area: 'tests/', own: ['lib/', 'functions/', 'infra/', 'tests/'], packages: ['*'] },
  // What judges histories shares nothing with what it judges.
  { area: 'tests/histories/judge/', own: ['tests/histories/judge/'], packages: [] },
];
