import type { ApiDependencies } from '#lib/http/api-handler';
import type { Log } from '#lib/http/log';
import { createMetrics } from '#lib/http/metrics';
import { requireVariable, type Runtime } from '#lib/http/runtime';
import { tokenVerifier } from '#lib/http/token-verifier';
import { providerAccounts } from '#lib/payments/provider-accounts';
import { createStripeSubscriptions } from '#lib/payments/stripe-subscriptions';
import type { LedgerStore } from '#lib/ports';
import { originsOf } from '#lib/purchases/redirect-urls';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createRateLimitStore } from '#lib/store/rate-limit-store';
import type { SubscriptionProvider } from '#lib/subscriptions/subscription-provider';

/** What subscriptions are changed with. */
export interface SubscriptionDependencies extends ApiDependencies {
  readonly ledger: LedgerStore;
  readonly provider: SubscriptionProvider;
  readonly redirectOrigins: ReadonlySet<string>;
  readonly log: Log;
}

/**
 * What a request may spend: all of it together ends below the function's own timeout. Opening a page asks Stripe at
 * most six times, one after the other; a change asks once for something that waits for a bank, once before that, and
 * where it is repeated once after.
 */
export const TIME_BUDGET = {
  asking: { timeoutMs: 1_600, callsMax: 6 },
  charging: { timeoutMs: 8_000, callsBeside: 2 },
  retryBudgetMs: 2_000,
} as const;

export function createDependencies({ env, now, log }: Runtime): SubscriptionDependencies {
  const count = createMetrics();
  const table = lambdaTable({
    name: requireVariable(env, 'TABLE_NAME'),
    retryBudgetMs: TIME_BUDGET.retryBudgetMs,
    onConflict: () => count('ConflictRetries'),
  });
  const askingMs = TIME_BUDGET.asking.timeoutMs;
  const chargingMs = TIME_BUDGET.charging.timeoutMs;
  const timeoutsMs = { stripe: askingMs, razorpay: askingMs };
  const { stripe } = providerAccounts({ env, now, timeoutsMs });
  return {
    verifyToken: tokenVerifier({ env, now }),
    rateLimits: createRateLimitStore(table),
    ledger: createLedgerStore(table),
    provider: createStripeSubscriptions(stripe, { askingMs, chargingMs }),
    redirectOrigins: originsOf(requireVariable(env, 'REDIRECT_ORIGINS')),
    log,
  };
}
