import { countRefusals } from '#lib/admin/count-refusals';
import type { ApiDependencies } from '#lib/http/api-handler';
import { type CountMetric, createMetrics } from '#lib/http/metrics';
import { requireVariable, type Runtime } from '#lib/http/runtime';
import { tokenVerifier } from '#lib/http/token-verifier';
import type { JobQueue } from '#lib/jobs/job-queue';
import { createJobQueue } from '#lib/messaging/job-queue';
import { createQueue } from '#lib/messaging/queue';
import type {
  JobStore,
  AuditStore,
  CatalogStore,
  LedgerStore,
  PromoStore,
  QuarantineStore,
  ReconciliationStore,
  WalletReader,
} from '#lib/ports';
import { createJobStore } from '#lib/store/job-store';
import { lambdaTable } from '#lib/store/lambda-table';
import { createCatalogStore } from '#lib/store/catalog-store';
import { createAuditStore } from '#lib/store/audit-store';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createPromoStore } from '#lib/store/promo-store';
import { createQuarantineStore } from '#lib/store/quarantine-store';
import { createRateLimitStore } from '#lib/store/rate-limit-store';
import { createReconciliationStore } from '#lib/store/reconciliation-store';
import { createWalletReader } from '#lib/store/wallet-reader';

/** What the people who run the app need. */
export interface AdminDependencies extends ApiDependencies {
  readonly ledger: LedgerStore;
  readonly promo: PromoStore;
  readonly audit: AuditStore;
  readonly catalog: CatalogStore;
  readonly quarantine: QuarantineStore;
  readonly reconciliations: ReconciliationStore;
  readonly jobs: JobStore;
  readonly jobQueue: JobQueue;
  readonly wallets: WalletReader;
  /** Whether this deployment sells for real money. */
  readonly livemode: boolean;
  readonly count: CountMetric;
}

const RETRY_BUDGET_MS = 15_000;

export function createDependencies({ env }: Runtime): AdminDependencies {
  const count = createMetrics();
  const table = lambdaTable({
    name: requireVariable(env, 'TABLE_NAME'),
    retryBudgetMs: RETRY_BUDGET_MS,
    onConflict: () => count('ConflictRetries'),
  });
  const ledger = createLedgerStore(table);
  return {
    verifyToken: tokenVerifier(env),
    recordRefusal: countRefusals(ledger),
    ledger,
    promo: createPromoStore(table),
    audit: createAuditStore(table),
    catalog: createCatalogStore(table),
    quarantine: createQuarantineStore(table),
    reconciliations: createReconciliationStore(table),
    jobs: createJobStore(table),
    jobQueue: createJobQueue(createQueue(requireVariable(env, 'JOBS_QUEUE_URL'))),
    wallets: createWalletReader(table),
    rateLimits: createRateLimitStore(table),
    livemode: requireVariable(env, 'STRIPE_LIVEMODE') === 'true',
    count,
  };
}
