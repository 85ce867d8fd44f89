import type { ApiDependencies } from '#lib/http/api-handler';
import { type CountMetric, createMetrics } from '#lib/http/metrics';
import { requireVariable, type Runtime } from '#lib/http/runtime';
import { tokenVerifier } from '#lib/http/token-verifier';
import type { ApplicationStore, HistoryStore, LedgerStore } from '#lib/ports';
import { createApplicationStore } from '#lib/store/application-store';
import { createHistoryStore } from '#lib/store/history-store';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createRateLimitStore } from '#lib/store/rate-limit-store';
import { rememberSettings } from '#lib/store/remembered-settings';

/** What users do with their own wallets beside buying. */
export interface ApplicationDependencies extends ApiDependencies {
  readonly ledger: LedgerStore;
  readonly history: HistoryStore;
  readonly applications: ApplicationStore;
  readonly count: CountMetric;
}

// Ends before the function's timeout of 10 s, so that whoever races for a code is told to come back.
const RETRY_BUDGET_MS = 7_000;

export function createDependencies({ env, now }: Runtime): ApplicationDependencies {
  const count = createMetrics();
  const table = lambdaTable({
    name: requireVariable(env, 'TABLE_NAME'),
    retryBudgetMs: RETRY_BUDGET_MS,
    settings: rememberSettings(() => now().getTime()),
    onConflict: () => count('ConflictRetries'),
  });
  return {
    verifyToken: tokenVerifier({ env, now }),
    rateLimits: createRateLimitStore(table),
    ledger: createLedgerStore(table),
    history: createHistoryStore(table),
    applications: createApplicationStore(table),
    count,
  };
}
