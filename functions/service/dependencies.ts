import type { ApiDependencies } from '#lib/http/api-handler';
import { createMetrics } from '#lib/http/metrics';
import { requireVariable, type Runtime } from '#lib/http/runtime';
import { tokenVerifier } from '#lib/http/token-verifier';
import type { HistoryStore, LedgerStore, QuotaStore } from '#lib/ports';
import { createHistoryStore } from '#lib/store/history-store';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createQuotaStore } from '#lib/store/quota-store';
import { rememberSettings } from '#lib/store/remembered-settings';

/** What the app's backend needs of us: any user's wallets. */
export interface ServiceDependencies extends ApiDependencies {
  readonly ledger: LedgerStore;
  readonly history: HistoryStore;
  readonly quotas: QuotaStore;
}

// Ends before the function's timeout of 10 s, so that a caller of a hot wallet is told to come back (DESIGN 4).
export const RETRY_BUDGET_MS = 7_000;

export function createDependencies({ env, now }: Runtime): ServiceDependencies {
  const count = createMetrics();
  const table = lambdaTable({
    name: requireVariable(env, 'TABLE_NAME'),
    retryBudgetMs: RETRY_BUDGET_MS,
    settings: rememberSettings(() => now().getTime()),
    onConflict: () => count('ConflictRetries'),
  });
  return {
    verifyToken: tokenVerifier({ env, now }),
    ledger: createLedgerStore(table),
    history: createHistoryStore(table),
    quotas: createQuotaStore(table),
  };
}
