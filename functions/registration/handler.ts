import type { PostConfirmationTriggerEvent } from 'aws-lambda';
import { registerUser } from '#functions/registration/register-user';
import { createLog } from '#lib/http/log';
import { createMetrics } from '#lib/http/metrics';
import { requireVariable } from '#lib/http/runtime';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';

// Cognito waits 5 s and then asks again; a lost race must be over by then.
const RETRY_BUDGET_MS = 3_000;

const count = createMetrics();
const dependencies = {
  ledger: createLedgerStore(
    lambdaTable({
      name: requireVariable(process.env, 'TABLE_NAME'),
      retryBudgetMs: RETRY_BUDGET_MS,
      onConflict: () => count('ConflictRetries'),
    }),
  ),
  now: () => new Date(),
  log: createLog(),
};

/** Cognito's post-confirmation trigger. It must give back the event it was given. */
export async function handler(
  event: PostConfirmationTriggerEvent,
): Promise<PostConfirmationTriggerEvent> {
  await registerUser(dependencies, event);
  return event;
}
