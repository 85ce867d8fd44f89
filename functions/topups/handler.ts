import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { topUpBatch } from '#functions/topups/top-up-batch';
import { createLog } from '#lib/http/log';
import { createMetrics } from '#lib/http/metrics';
import { requireVariable } from '#lib/http/runtime';
import { providerAccounts } from '#lib/payments/provider-accounts';
import { createStripeCards } from '#lib/payments/stripe-cards';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';

const RETRY_BUDGET_MS = 5_000;
/** Of one attempt; a message may need a charge, and another one for what was spent meanwhile. */
const PROVIDER_TIMEOUT_MS = 8_000;

const { env } = process;
const now = () => new Date();
const count = createMetrics();
const timeoutsMs = { stripe: PROVIDER_TIMEOUT_MS, razorpay: PROVIDER_TIMEOUT_MS };
const dependencies = {
  store: createLedgerStore(
    lambdaTable({
      name: requireVariable(env, 'TABLE_NAME'),
      retryBudgetMs: RETRY_BUDGET_MS,
      onConflict: () => count('ConflictRetries'),
    }),
  ),
  cards: createStripeCards(providerAccounts({ env, now, timeoutsMs }).stripe),
  now,
  log: createLog(),
};

/** Wallets that may have to be topped up, from the queue that the stream fills. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  return topUpBatch(dependencies, event.Records);
}
