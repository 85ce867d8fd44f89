import { createLog, type Log } from '#lib/http/log';
import { type CountMetric, createMetrics } from '#lib/http/metrics';
import { requireVariable, type Runtime } from '#lib/http/runtime';
import type { JobQueue } from '#lib/jobs/job-queue';
import { createJobQueue } from '#lib/messaging/job-queue';
import { createQueue } from '#lib/messaging/queue';
import { createTopUpQueue } from '#lib/messaging/top-up-queue';
import type { PaymentProvider } from '#lib/payments/payment-event';
import { providerAccounts, recordsOf } from '#lib/payments/provider-accounts';
import { createStripeInvoices } from '#lib/payments/stripe-subscription-invoices';
import { createStripeSubscriptions } from '#lib/payments/stripe-subscriptions';
import type {
  DayStore,
  DueStore,
  HistoryStore,
  JobStore,
  LedgerStore,
  MoneyStore,
  MoveStore,
  PlanDueStore,
  RecentPurchaseStore,
  RollupStore,
  TopUpStore,
} from '#lib/ports';
import type { ProviderRecords } from '#lib/purchases/provider-records';
import { createDayStore, createMoveStore } from '#lib/store/day-store';
import { createDueStore } from '#lib/store/due-store';
import { createHistoryStore } from '#lib/store/history-store';
import { createJobStore } from '#lib/store/job-store';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createMoneyStore } from '#lib/store/money-store';
import { createPlanDueStore } from '#lib/store/plan-due-store';
import { createRecentPurchaseStore } from '#lib/store/recent-purchase-store';
import { createRollupStore } from '#lib/store/rollup-store';
import { createTopUpStore } from '#lib/store/top-up-store';
import type { CheckDependencies } from '#lib/subscriptions/check-subscriptions';
import type { TopUpQueue } from '#lib/topups/top-up-queue';

export interface ScheduleDependencies {
  readonly ledger: LedgerStore;
  readonly history: HistoryStore;
  readonly due: DueStore;
  readonly plansDue: PlanDueStore;
  readonly recent: RecentPurchaseStore;
  /** Null for a provider that is not set up. */
  readonly records: (provider: PaymentProvider) => Promise<ProviderRecords | null>;
  readonly subscriptions: Pick<CheckDependencies, 'provider' | 'invoices'> & {
    readonly isSetUp: () => Promise<boolean>;
  };
  readonly jobs: JobStore;
  readonly jobQueue: JobQueue;
  readonly days: DayStore;
  readonly moves: MoveStore;
  readonly money: MoneyStore;
  readonly rollups: RollupStore;
  readonly topUps: TopUpStore;
  readonly topUpQueue: TopUpQueue;
  readonly now: () => Date;
  readonly count: CountMetric;
  readonly log: Log;
}

const RETRY_BUDGET_MS = 10_000;
/** Of one attempt; nobody waits for a schedule, but what fails of it must end before it is ended. */
export const PROVIDER_TIMEOUT_MS = 10_000;

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
  const timeoutsMs = { stripe: PROVIDER_TIMEOUT_MS, razorpay: PROVIDER_TIMEOUT_MS };
  const accounts = providerAccounts({ env, now, timeoutsMs });
  return {
    ledger: createLedgerStore(table),
    history: createHistoryStore(table),
    due: createDueStore(table),
    plansDue: createPlanDueStore(table),
    recent: createRecentPurchaseStore(table),
    records: recordsOf(accounts, now),
    subscriptions: {
      provider: createStripeSubscriptions(accounts.stripe, {
        askingMs: PROVIDER_TIMEOUT_MS,
        chargingMs: PROVIDER_TIMEOUT_MS,
      }),
      invoices: createStripeInvoices(accounts.stripe),
      isSetUp: () => accounts.isSetUp('stripe'),
    },
    jobs: createJobStore(table),
    jobQueue: createJobQueue(createQueue(requireVariable(env, 'JOBS_QUEUE_URL'))),
    days: createDayStore(table),
    moves: createMoveStore(table),
    money: createMoneyStore(table),
    rollups: createRollupStore(table),
    topUps: createTopUpStore(table),
    topUpQueue: createTopUpQueue(createQueue(requireVariable(env, 'TOPUPS_QUEUE_URL'))),
    now,
    count,
    log: createLog(),
  };
}
