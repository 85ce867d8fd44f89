import { ContentionError } from '#lib/ports';
import type { Table } from '#lib/store/table';

const BASE_MS = 10;
const CAP_MS = 200;

/** Waits before another attempt; throws ContentionError when the budget of the command is spent. */
export type Backoff = () => Promise<void>;

/**
 * Full jitter: each wait is a random part of a bound that doubles, so that writers who collided do not collide again
 * (AWS Builders' Library, "Timeouts, retries, and backoff with jitter").
 */
export function startBackoff(
  table: Pick<Table, 'random' | 'sleep' | 'elapsedMs' | 'retryBudgetMs'>,
): Backoff {
  const deadline = table.elapsedMs() + table.retryBudgetMs;
  let boundMs = BASE_MS;
  return async () => {
    const waitMs = table.random() * boundMs;
    if (table.elapsedMs() + waitMs > deadline) {
      throw new ContentionError('writers of one wallet raced past the deadline');
    }
    boundMs = Math.min(CAP_MS, boundMs * 2);
    await table.sleep(waitMs);
  };
}
