import { countRefusals } from '#lib/admin/count-refusals';
import type { ApiDependencies } from '#lib/http/api-handler';
import { type CountMetric, createMetrics } from '#lib/http/metrics';
import { requireVariable, type Runtime } from '#lib/http/runtime';
import { tokenVerifier } from '#lib/http/token-verifier';
import type { JobQueue } from '#lib/jobs/job-queue';
import { createJobQueue } from '#lib/messaging/job-queue';
import { createQueue } from '#lib/messaging/queue';
import type {
  ApplicationStore,
  AuditStore,
  CatalogStore,
  DayStore,
  EmailStore,
  FileStore,
  HistoryStore,
  JobStore,
  LedgerStore,
  MoneyStore,
  PromoStore,
  PurchaseStore,
  QuarantineStore,
  RecentPurchaseStore,
  ReconciliationStore,
  RollupStore,
  WalletReader,
} from '#lib/ports';
import { createObjectStore } from '#lib/files/object-store';
import { createJobStore } from '#lib/store/job-store';
import { createDayStore } from '#lib/store/day-store';
import { createHistoryStore } from '#lib/store/history-store';
import { lambdaTable } from '#lib/store/lambda-table';
import { createCatalogStore } from '#lib/store/catalog-store';
import { createApplicationStore } from '#lib/store/application-store';
import { createEmailStore } from '#lib/store/email-store';
import { createPurchaseStore } from '#lib/store/purchase-store';
import { createAuditStore } from '#lib/store/audit-store';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createMoneyStore } from '#lib/store/money-store';
import { createPromoStore } from '#lib/store/promo-store';
import { createQuarantineStore } from '#lib/store/quarantine-store';
import { createRateLimitStore } from '#lib/store/rate-limit-store';
import { createRecentPurchaseStore } from '#lib/store/recent-purchase-store';
import { createReconciliationStore } from '#lib/store/reconciliation-store';
import { createWalletReader } from '#lib/store/wallet-reader';
import { createRollupStore } from '#lib/store/rollup-store';

/** What the people who run the app need. */
export interface AdminDependencies extends ApiDependencies {
  readonly ledger: LedgerStore;
  readonly history: HistoryStore;
  readonly days: DayStore;
  readonly money: MoneyStore;
  readonly rollups: RollupStore;
  readonly promo: PromoStore;
  readonly applications: ApplicationStore;
  readonly purchases: PurchaseStore;
  readonly recentPurchases: RecentPurchaseStore;
  readonly emails: EmailStore;
  readonly audit: AuditStore;
  readonly catalog: CatalogStore;
  readonly quarantine: QuarantineStore;
  readonly reconciliations: ReconciliationStore;
  readonly jobs: JobStore;
  readonly jobQueue: JobQueue;
  readonly wallets: WalletReader;
  readonly files: FileStore;
  /** Whether this deployment sells for real money. */
  readonly livemode: boolean;
  readonly count: CountMetric;
}

const RETRY_BUDGET_MS = 15_000;

export function createDependencies({ env, now }: Runtime): AdminDependencies {
  const count = createMetrics();
  const table = lambdaTable({
    name: requireVariable(env, 'TABLE_NAME'),
    retryBudgetMs: RETRY_BUDGET_MS,
    onConflict: () => count('ConflictRetries'),
  });
  const ledger = createLedgerStore(table);
  return {
    verifyToken: tokenVerifier({ env, now }),
    recordRefusal: countRefusals(ledger),
    ledger,
    history: createHistoryStore(table),
    days: createDayStore(table),
    money: createMoneyStore(table),
    rollups: createRollupStore(table),
    promo: createPromoStore(table),
    applications: createApplicationStore(table),
    purchases: createPurchaseStore(table),
    recentPurchases: createRecentPurchaseStore(table),
    emails: createEmailStore(table),
    audit: createAuditStore(table),
    catalog: createCatalogStore(table),
    quarantine: createQuarantineStore(table),
    reconciliations: createReconciliationStore(table),
    jobs: createJobStore(table),
    jobQueue: createJobQueue(createQueue(requireVariable(env, 'JOBS_QUEUE_URL'))),
    wallets: createWalletReader(table),
    files: createObjectStore(requireVariable(env, 'EXPORTS_BUCKET')),
    rateLimits: createRateLimitStore(table),
    livemode: requireVariable(env, 'STRIPE_LIVEMODE') === 'true',
    count,
  };
}
