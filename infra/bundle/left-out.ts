import { readFile } from 'node:fs/promises';
import { sep } from 'node:path';
import type { Plugin } from 'esbuild';
import { invariant } from '#lib/invariant';

/** Not those without a number, such as `aws-global`, which no pattern covers. */
const NAMED_REGION = /"[a-z-]+-\d+": \{\s*"description": "[^"]*"\s*\},?/g;

/** A file of a package of which the bundles get less than it has, because no function of ours can reach the rest. */
export interface LeftOut {
  /** As its path ends, from `node_modules/` on. */
  readonly file: string;
  readonly because: string;
  readonly change: (source: string, because: string) => string;
}

/**
 * How requests that read and write items fail (API reference of DynamoDB, the errors of these operations). Any other
 * error still arrives, by its name, as the `DynamoDBServiceException` that the SDK makes of those it does not know.
 */
const itemErrors = [
  'ConditionalCheckFailedException',
  'IdempotentParameterMismatchException',
  'InternalServerError',
  'ItemCollectionSizeLimitExceededException',
  'ProvisionedThroughputExceededException',
  'ReplicatedWriteConflictException',
  'RequestLimitExceeded',
  'ResourceNotFoundException',
  'ThrottlingException',
  'TransactionCanceledException',
  'TransactionConflictException',
  'TransactionInProgressException',
];

/**
 * What no Lambda of ours can reach, and what would make every cold start longer. Each is either replaced by what it
 * would have answered anyway, or refuses with a sentence that says where to look. Nothing is changed in packages
 * themselves: tests and the local stack's own processes run them whole.
 */
export const leftOut: readonly LeftOut[] = [
  {
    file: '@smithy/core/dist-es/submodules/protocols/HttpProtocol.js',
    because: 'no operation that we call streams events, or puts its input into a host name',
    change: inTurn(
      replacing('await import("@smithy/core/event-streams")', (because) =>
        refusal('the codec of event streams', because),
      ),
      replacing('HttpBindingNormalizedSchema.of(operationSchema.input)', (because) =>
        refusal('the prefix of host names', because),
      ),
    ),
  },
  {
    file: '@smithy/core/dist-es/submodules/checksum/sha256/Sha256Js.js',
    because: 'Node has SHA-256 of its own, which the SDK takes where it finds it',
    change: refusing('Sha256Js'),
  },
  {
    file: '@smithy/core/dist-es/submodules/serde/util-stream/stream-type-check.js',
    because: 'Node loads its web streams for whoever mentions them, and its own streams are none',
    change: () => `
      const kindOf = (value) => value?.[Symbol.toStringTag];
      export const isReadableStream = (stream) => kindOf(stream) === 'ReadableStream';
      export const isBlob = (blob) => kindOf(blob) === 'Blob' || kindOf(blob) === 'File';
    `,
  },
  {
    file: '@aws-sdk/core/dist-es/submodules/client/middleware-logger/loggerMiddleware.js',
    because:
      'for a log that nobody keeps it went through all that was sent and answered, to leave out what is secret',
    change: idle('loggerMiddleware', 'loggerMiddlewareOptions', 'getLoggerPlugin'),
  },
  {
    file: '@aws-sdk/core/dist-es/submodules/client/middleware-user-agent/user-agent-middleware.js',
    because: 'what the SDK tells AWS about itself was put together anew for each call',
    change: idle('userAgentMiddleware', 'getUserAgentMiddlewareOptions', 'getUserAgentPlugin'),
  },
  {
    file: '@aws-sdk/core/dist-es/submodules/client/util-user-agent-node/defaultUserAgent.js',
    because: 'nobody asks the SDK what it is (see the middleware of the user agent)',
    change: () => `
      export { crtAvailability } from './crt-availability';
      export const createDefaultUserAgentProvider = () => async () => [];
      export const defaultUserAgent = createDefaultUserAgentProvider;
    `,
  },
  {
    file: '@smithy/core/dist-es/submodules/retry/util-retry/AdaptiveRetryStrategy.js',
    because: 'retries follow the standard mode; AWS_RETRY_MODE must not be adaptive',
    change: refusing('AdaptiveRetryStrategy'),
  },
  {
    file: '@smithy/core/dist-es/submodules/config/config-resolver/regionConfig/getInstanceMetadataRegion.js',
    because: 'Lambda always sets AWS_REGION, and has no instance metadata to ask',
    change: refusing('getInstanceMetadataRegion'),
  },
  {
    file: '@smithy/core/dist-es/submodules/config/node-config-provider/fromSharedConfigFiles.js',
    because: 'Lambda has no ~/.aws: looking for its two files found nothing at every cold start',
    change: replacing(
      'await loadSharedConfigFiles(init)',
      () => '{ configFile: {}, credentialsFile: {} }',
    ),
  },
  {
    file: '@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js',
    because:
      'a partition knows its regions by a pattern; the list beside it adds their names in English',
    change: (source) => source.replaceAll(NAMED_REGION, ''),
  },
  {
    file: '@aws-sdk/middleware-endpoint-discovery/dist-es/index.js',
    because:
      'DynamoDB finds its endpoint by region; discovery is for Timestream, and off by default',
    change: () => `
      const never = () => false;
      export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS =
        { environmentVariableSelector: never, configFileSelector: never, default: false };
      export const resolveEndpointDiscoveryConfig = (config) => config;
    `,
  },
  {
    file: '@aws-sdk/client-dynamodb/dist-es/endpoint/endpointResolver.js',
    because:
      'the address follows from the region; the rules for FIPS, IPv6 and accounts of their own, which nothing of ours asks for, were evaluated at every cold start',
    change: (_, because) => `
      import { awsEndpointFunctions } from '@aws-sdk/core/client';
      const known = new Map();
      export function defaultEndpointResolver({ Endpoint, Region, UseDualStack, UseFIPS }) {
        if (UseDualStack || UseFIPS) ${refusal('an address for FIPS or IPv6', because)};
        const name = Endpoint || Region;
        if (!known.has(name)) {
          const { dnsSuffix } = awsEndpointFunctions.partition(Region);
          const url = new URL(Endpoint || 'https://dynamodb.' + Region + '.' + dnsSuffix);
          known.set(name, { url, headers: {}, properties: {} });
        }
        return known.get(name);
      }
    `,
  },
  {
    file: '@aws-sdk/client-dynamodb/dist-es/endpoint/EndpointParameters.js',
    because: 'the credentials were asked for their account at each call, and our address has none',
    change: inTurn(
      replacing('AccountId: { type: "builtInParams", name: "accountId" },', () => ''),
      replacing(
        'AccountIdEndpointMode: { type: "builtInParams", name: "accountIdEndpointMode" },',
        () => '',
      ),
    ),
  },
  {
    file: '@aws-sdk/client-dynamodb/dist-es/schemas/schemas_0.js',
    because:
      'backups, exports and global tables fail in ways that reading and writing items does not',
    change: registering(itemErrors),
  },
  {
    file: 'zod/v4/core/schemas.js',
    because:
      'a parser that is compiled for a schema pays after hundreds of requests, and each start would pay for compiling it',
    change: replacing('jit && allowsEval.value', () => 'false'),
  },
  {
    file: 'zod/v4/classic/schemas.js',
    because:
      'zod has z.email() and its like in place of z.string().email(), and each alone is small',
    change: inTurn(
      withoutFormatShortcuts,
      // Through the index esbuild sees one object of all utilities, and keeps every one.
      replacing('{ util } from "../core/index.js"', () => '* as util from "../core/util.js"'),
      replacing('core.util.', () => 'util.'),
      // It follows cycles in what is parsed. JSON has none, and zod/mini goes without one too.
      replacing('core.config({ memoizer: core.memoizer() })', () => ''),
    ),
  },
];

/** Leaves out of the bundles what `leftOut` names; fails the build when a file no longer has it. */
export const withoutUnreached: Plugin = {
  name: 'without-unreached',
  setup(build) {
    build.onLoad({ filter: filterOf(leftOut.map(({ file }) => file)) }, async ({ path }) => {
      const found = leftOut.find(({ file }) => path.split(sep).join('/').endsWith(`/${file}`));
      invariant(found !== undefined, `${path} is one of the files to change`);
      return { contents: found.change(await readFile(path, 'utf8'), found.because) };
    });
    // The whole manifest would come along, for the version that the SDK tells AWS.
    build.onLoad({ filter: SDK_MANIFEST }, async ({ path }) => {
      const version = /"version": "([^"]+)"/.exec(await readFile(path, 'utf8'))?.[1];
      invariant(version !== undefined, `${path} has a version`);
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

const SDK_MANIFEST = /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]package\.json$/;

function filterOf(files: readonly string[]): RegExp {
  const patterns = files.map((file) => file.replaceAll('.', '\\.').replaceAll('/', '[\\\\/]'));
  return new RegExp(`[\\\\/]node_modules[\\\\/](${patterns.join('|')})$`);
}

/** A middleware of the SDK that is never added, under the names that others import. */
function idle(middleware: string, options: string, plugin: string): LeftOut['change'] {
  return () => `
    export const ${middleware} = () => (next) => next;
    export const ${options} = {};
    export const ${plugin} = () => ({ applyToStack: () => {} });
  `;
}

/** A module of the same names, each of which says so when it is called after all. */
function refusing(...names: readonly string[]): LeftOut['change'] {
  return (source, because) => {
    const missing = names.filter((name) => !source.includes(name));
    invariant(missing.length === 0, `${missing.join(', ')} is what the file exports`);
    return names
      .map((name) => `export function ${name}() { ${refusal(name, because)}; }`)
      .join('\n');
  };
}

function replacing(part: string, by: (because: string) => string): LeftOut['change'] {
  return (source, because) => {
    invariant(source.includes(part), `the file has ${part}`);
    return source.replace(part, () => by(because));
  };
}

function inTurn(...changes: readonly LeftOut['change'][]): LeftOut['change'] {
  return (source, because) => changes.reduce((text, change) => change(text, because), source);
}

function registering(errors: readonly string[]): LeftOut['change'] {
  return (source) => {
    const registration = (error: string) => `n0_registry.registerError(${error}$, ${error});`;
    const missing = errors.filter((error) => !source.includes(registration(error)));
    invariant(missing.length === 0, `DynamoDB has the errors ${missing.join(', ')}`);
    return source.replaceAll(
      /^n0_registry\.registerError\((\w+)\$, \w+\);$/gm,
      (line, error: string) => (errors.includes(error) ? line : ''),
    );
  };
}

/** The methods stay and refuse when a schema is made, which is when its module loads: no such schema can be shipped. */
function withoutFormatShortcuts(source: string, because: string): string {
  const shortcut = /this\.check\(core\._(\w+)\(Zod\w+, params\)\)/g;
  invariant(shortcut.test(source), 'strings of zod have methods for formats');
  const refusing = `function refuseFormat() { ${refusal('a format’s method of z.string()', because)}; }`;
  return `${source.replaceAll(shortcut, 'refuseFormat()')}\n${refusing}`;
}

/** An expression that throws. */
function refusal(what: string, because: string): string {
  const message = `${what} is left out of the bundles (infra/bundle/left-out.ts): ${because}`;
  return `(() => { throw new Error(${JSON.stringify(message)}); })()`;
}
