import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { ContentionError } from '#lib/ports';
import type { RememberedSettings } from '#lib/store/remembered-settings';

/** The table as the store's functions use it. Time, randomness and waiting come from outside. */
export interface Table {
  readonly client: DynamoDBClient;
  readonly name: string;
  /** A fraction from 0 to 1, for jitter. */
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Milliseconds that only ever grow, for deadlines. */
  readonly elapsedMs: () => number;
  /** How long a command may retry lost races: below the function's timeout, so that it can still answer 503. */
  readonly retryBudgetMs: number;
  /** Where settings may be a moment old; everywhere else they are read whenever they matter. */
  readonly settings?: RememberedSettings;
  /** Called for every attempt that lost a race, for the metric. */
  readonly onConflict?: () => void;
}

/** DynamoDB's own limits (developer guide, Quotas). */
export const TRANSACT_ITEMS_MAX = 100;
export const BATCH_GET_KEYS_MAX = 100;

const CONNECTION_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 3_000;
const ATTEMPTS_MAX = 4;

/** What the table refuses because of its load, or because of a transaction that is still under way. */
const BUSY_ERRORS = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionInProgressException',
]);

/**
 * A client that gives up on a hung request in time for the caller to hear of it. A table that stays too busy for all
 * attempts is a ContentionError: come back later, and nothing is broken.
 *
 * What a call goes through is resolved once for each command, which the document client of `lib-dynamodb` excludes: it
 * resolves that anew for every call, and cost a spend a tenth of its CPU. So the store converts items itself, with the
 * SDK's own functions.
 */
export function createTableClient(config: DynamoDBClientConfig = {}): DynamoDBClient {
  const client = new DynamoDBClient({
    cacheMiddleware: true,
    // Otherwise looked for in the environment and in files, each by itself, before the first call.
    retryMode: 'standard',
    defaultsMode: 'standard',
    accountIdEndpointMode: 'disabled',
    endpointDiscoveryEnabled: false,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...config,
  });
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (cause) {
        if (!(cause instanceof Error) || !BUSY_ERRORS.has(cause.name)) throw cause;
        throw new ContentionError('the table is too busy', { cause });
      }
    },
    { step: 'initialize' },
  );
  return client;
}
