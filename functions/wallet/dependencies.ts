import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { ApiDependencies } from '#lib/http/api-handler';
import { requireVariable, type Runtime } from '#lib/http/runtime';
import { tokenVerifier } from '#lib/http/token-verifier';
import type { HistoryStore, LedgerStore } from '#lib/ports';
import { createHistoryStore } from '#lib/store/history-store';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';
import { type BalanceReader, createBalanceReader } from '#lib/wallets/read-balance';

/** What a user's questions about their own wallets need. */
export interface WalletDependencies extends ApiDependencies {
  readonly balances: BalanceReader;
  readonly history: HistoryStore;
  readonly ledger: LedgerStore;
  /** The description of the API (OpenAPI 3.1). */
  readonly openapi: () => Promise<z.output<typeof openapiSchema>>;
  /** The schemas of the events on the bus. */
  readonly eventSchemas: () => Promise<z.output<typeof eventSchemasSchema>>;
}

const RETRY_BUDGET_MS = 7_000;

const openapiSchema = z.looseObject({ openapi: z.string() });
const eventSchemasSchema = z.looseObject({ source: z.string() });

export function createDependencies({ env, now }: Runtime): WalletDependencies {
  const table = lambdaTable({
    name: requireVariable(env, 'TABLE_NAME'),
    retryBudgetMs: RETRY_BUDGET_MS,
  });
  // The build writes it beside the code, so that the zod schemas it is made of need not be walked at run time.
  const built = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(requireVariable(env, 'LAMBDA_TASK_ROOT'), name), 'utf8'));
  const ledger = createLedgerStore(table);
  return {
    verifyToken: tokenVerifier({ env, now }),
    balances: createBalanceReader(ledger),
    history: createHistoryStore(table),
    ledger,
    openapi: async () => openapiSchema.parse(await built('openapi.json')),
    eventSchemas: async () => eventSchemasSchema.parse(await built('events.json')),
  };
}
