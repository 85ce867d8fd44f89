import type { JobQueue } from '#lib/jobs/job-queue';
import { createLog, type Log } from '#lib/http/log';
import { type CountMetric, createMetrics } from '#lib/http/metrics';
import { requireVariable, type Runtime } from '#lib/http/runtime';
import { createJobQueue } from '#lib/messaging/job-queue';
import { createQueue } from '#lib/messaging/queue';
import type { PaymentProvider } from '#lib/payments/payment-event';
import { providerAccounts, recordsOf } from '#lib/payments/provider-accounts';
import type { ProviderRecords } from '#lib/purchases/provider-records';
import { createApplicationStore } from '#lib/store/application-store';
import type {
  ApplicationStore,
  DayStore,
  FileStore,
  LedgerStore,
  RecentPurchaseStore,
} from '#lib/ports';
import { createObjectStore } from '#lib/files/object-store';
import { createDayStore } from '#lib/store/day-store';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createRecentPurchaseStore } from '#lib/store/recent-purchase-store';

/** What the slices of all kinds need. */
export interface JobDependencies {
  readonly ledger: LedgerStore;
  readonly applications: ApplicationStore;
  readonly queue: JobQueue;
  readonly recent: RecentPurchaseStore;
  /** Null for a provider that is not set up. */
  readonly records: (provider: PaymentProvider) => Promise<ProviderRecords | null>;
  readonly days: DayStore;
  readonly files: FileStore;
  readonly now: () => Date;
  readonly count: CountMetric;
  readonly log: Log;
}

const RETRY_BUDGET_MS = 15_000;
/** Of one attempt; the first list that fails ends its provider's listing. */
const PROVIDER_TIMEOUT_MS = 10_000;

export function createDependencies({ env, now }: Pick<Runtime, 'env' | 'now'>): JobDependencies {
  const count = createMetrics();
  const table = lambdaTable({
    name: requireVariable(env, 'TABLE_NAME'),
    retryBudgetMs: RETRY_BUDGET_MS,
    onConflict: () => count('ConflictRetries'),
  });
  const timeoutsMs = { stripe: PROVIDER_TIMEOUT_MS, razorpay: PROVIDER_TIMEOUT_MS };
  return {
    recent: createRecentPurchaseStore(table),
    records: recordsOf(providerAccounts({ env, now, timeoutsMs }), now),
    ledger: createLedgerStore(table),
    applications: createApplicationStore(table),
    queue: createJobQueue(createQueue(requireVariable(env, 'JOBS_QUEUE_URL'))),
    days: createDayStore(table),
    files: createObjectStore(requireVariable(env, 'EXPORTS_BUCKET')),
    now,
    count,
    log: createLog(),
  };
}
