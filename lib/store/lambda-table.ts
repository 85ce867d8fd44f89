import { setTimeout as pause } from 'node:timers/promises';
import { createTableClient, type Table } from '#lib/store/table';

/** The table of a Lambda function: the real clock, real chance, and a client that lives as long as the instance. */
export function lambdaTable(
  options: Pick<Table, 'name' | 'retryBudgetMs'> & Partial<Pick<Table, 'onConflict' | 'settings'>>,
): Table {
  return {
    ...options,
    client: createTableClient(),
    random: Math.random,
    sleep: (ms) => pause(ms),
    // Of the two clocks that only grow, the one that a start need not load.
    elapsedMs: () => process.uptime() * 1_000,
  };
}
