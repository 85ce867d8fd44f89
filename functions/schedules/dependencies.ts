import { createLog, type Log } from '#lib/http/log';
import { type CountMetric, createMetrics } from '#lib/http/metrics';
import { requireVariable, type Runtime } from '#lib/http/runtime';
import type { JobQueue } from '#lib/jobs/job-queue';
import { createJobQueue } from '#lib/messaging/job-queue';
import { createQueue } from '#lib/messaging/queue';
import { createRazorpayClient } from '#lib/payments/razorpay-client';
import { createRazorpayRecords } from '#lib/payments/razorpay-records';
import { createStripeRecords } from '#lib/payments/stripe-records';
import type { DueStore, JobStore, LedgerStore, RecentPurchaseStore } from '#lib/ports';
import type { ProviderRecords } from '#lib/purchases/provider-records';
import { createSecretReader } from '#lib/secrets/secret-reader';
import { createDueStore } from '#lib/store/due-store';
import { createJobStore } from '#lib/store/job-store';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createRecentPurchaseStore } from '#lib/store/recent-purchase-store';

export interface ScheduleDependencies {
  readonly ledger: LedgerStore;
  readonly due: DueStore;
  readonly recent: RecentPurchaseStore;
  /** Of every provider that is set up by now. */
  readonly records: () => Promise<readonly ProviderRecords[]>;
  readonly jobs: JobStore;
  readonly jobQueue: JobQueue;
  readonly now: () => Date;
  readonly count: CountMetric;
  readonly log: Log;
}

const RETRY_BUDGET_MS = 10_000;
/** Of one attempt; nobody waits for a schedule, and the first list that fails ends its provider's listing. */
const PROVIDER_TIMEOUT_MS = 10_000;

export function createDependencies({
  env,
  now,
}: Pick<Runtime, 'env' | 'now'>): ScheduleDependencies {
  const count = createMetrics();
  const table = lambdaTable({
    name: requireVariable(env, 'TABLE_NAME'),
    retryBudgetMs: RETRY_BUDGET_MS,
    onConflict: () => count('ConflictRetries'),
  });
  const stripe = stripeRecords({ env, now });
  const razorpay = razorpayRecords({ env, now });
  return {
    ledger: createLedgerStore(table),
    due: createDueStore(table),
    recent: createRecentPurchaseStore(table),
    records: async () => [await stripe(), await razorpay()].filter((records) => records !== null),
    jobs: createJobStore(table),
    jobQueue: createJobQueue(createQueue(requireVariable(env, 'JOBS_QUEUE_URL'))),
    now,
    count,
    log: createLog(),
  };
}

type OfProvider = () => Promise<ProviderRecords | null>;

/** A secret that nobody has filled holds chance: an app may sell with one provider alone. */
function stripeRecords({ env, now }: Pick<Runtime, 'env' | 'now'>): OfProvider {
  const secret = secretOf(requireVariable(env, 'STRIPE_SECRET_ARN'), now);
  const livemode = requireVariable(env, 'STRIPE_LIVEMODE') === 'true';
  const apiKey = async (options?: { readonly fresh: boolean }) =>
    (await secret.read(options))['api_key'] ?? '';
  const records = createStripeRecords({ apiKey, livemode, timeoutMs: PROVIDER_TIMEOUT_MS, now });
  return async () => (/^[rs]k_/.test(await apiKey()) ? records : null);
}

function razorpayRecords({ env, now }: Pick<Runtime, 'env' | 'now'>): OfProvider {
  const secret = secretOf(requireVariable(env, 'RAZORPAY_SECRET_ARN'), now);
  const livemode = requireVariable(env, 'RAZORPAY_LIVEMODE') === 'true';
  const credentials = async (options?: { readonly fresh: boolean }) => {
    const { key_id: keyId = '', key_secret: keySecret = '' } = await secret.read(options);
    return { keyId, keySecret };
  };
  const client = createRazorpayClient({ credentials, timeoutMs: PROVIDER_TIMEOUT_MS });
  const records = createRazorpayRecords(client);
  // Its records do not say their mode: test money must never be credited in the live ledger.
  const prefix = livemode ? 'rzp_live_' : 'rzp_test_';
  return async () => ((await credentials()).keyId.startsWith(prefix) ? records : null);
}

function secretOf(arn: string, now: () => Date) {
  return createSecretReader({ arn, nowMs: () => now().getTime() });
}
