import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { ApiDependencies } from '#lib/http/api-handler';
import { requireVariable, type Runtime } from '#lib/http/runtime';
import { tokenVerifier } from '#lib/http/token-verifier';
import type { HistoryStore } from '#lib/ports';
import { createHistoryStore } from '#lib/store/history-store';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';
import { type BalanceReader, createBalanceReader } from '#lib/wallets/read-balance';

/** What a user's questions about their own wallets need. */
export interface WalletDependencies extends ApiDependencies {
  readonly balances: BalanceReader;
  readonly history: HistoryStore;
  /** The description of the API (OpenAPI 3.1). */
  readonly openapi: () => Promise<z.output<typeof openapiSchema>>;
}

const RETRY_BUDGET_MS = 7_000;

const openapiSchema = z.looseObject({ openapi: z.string() });

export function createDependencies({ env }: Runtime): WalletDependencies {
  const table = lambdaTable({
    name: requireVariable(env, 'TABLE_NAME'),
    retryBudgetMs: RETRY_BUDGET_MS,
  });
  // The build writes it beside the code, so that the zod schemas it is made of need not be walked at run time.
  const openapiFile = join(requireVariable(env, 'LAMBDA_TASK_ROOT'), 'openapi.json');
  return {
    verifyToken: tokenVerifier(env),
    balances: createBalanceReader(createLedgerStore(table)),
    history: createHistoryStore(table),
    openapi: async () => openapiSchema.parse(JSON.parse(await readFile(openapiFile, 'utf8'))),
  };
}
