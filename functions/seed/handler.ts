import { answerDeployment } from '#functions/seed/answer-deployment';
import { createLog } from '#lib/http/log';
import { requireVariable } from '#lib/http/runtime';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';

const RETRY_BUDGET_MS = 20_000;

const dependencies = {
  store: createLedgerStore(
    lambdaTable({
      name: requireVariable(process.env, 'TABLE_NAME'),
      retryBudgetMs: RETRY_BUDGET_MS,
    }),
  ),
  log: createLog(),
};

/** Invoked by CloudFormation at deployment (`infra/seed-resource.ts`). */
export async function handler(event: unknown): Promise<void> {
  await answerDeployment(dependencies, event);
}
