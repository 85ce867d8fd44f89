import * as z from 'zod';
import { createLog } from '#lib/http/log';
import { createMetrics } from '#lib/http/metrics';
import { requireVariable } from '#lib/http/runtime';
import { createDueStore } from '#lib/store/due-store';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';
import { sweepWallets } from '#lib/wallets/sweep-wallets';

const RETRY_BUDGET_MS = 10_000;
/** Sweeps in one invocation: what is due beyond them waits for the next. */
const SWEEPS_MAX = 20;

const count = createMetrics();
const log = createLog();
const table = lambdaTable({
  name: requireVariable(process.env, 'TABLE_NAME'),
  retryBudgetMs: RETRY_BUDGET_MS,
  onConflict: () => count('ConflictRetries'),
});
const stores = { ledger: createLedgerStore(table), due: createDueStore(table) };

/** What each schedule's input may ask for (DESIGN 7). */
const taskSchema = z.object({ task: z.enum(['expiry-sweep']) });

/** Everything that happens because time has passed. */
export async function handler(event: unknown): Promise<void> {
  const { task } = taskSchema.parse(event);
  let entries = 0;
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep += 1) {
    const swept = await sweepWallets(stores, new Date().toISOString());
    entries += swept.entries;
    if (!swept.more) break;
  }
  log.info(`schedule ${task} done`, { count: entries });
}
