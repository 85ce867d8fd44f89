import { ContentionError } from '#lib/ports';
import type { Table } from '#lib/store/table';

const BASE_MS = 10;
// Forty spends are in the way for about twenty times as long as one; who asks more often only keeps the CPU busy.
const ITEMS_PER_BASE = 2;
// Reached only after nine collisions in a row: a wallet that is this hot needs its writers spread over seconds.
const CAP_MS = 4_000;

/** The retries of one command. Both throw ContentionError when its budget is spent. */
export interface Backoff {
  /** Waits before another attempt at a transaction of so many items: a larger one is in the way for longer. */
  readonly wait: (items?: number) => Promise<void>;
  readonly checkDeadline: () => void;
}

/**
 * Full jitter: each wait is a random part of a bound that doubles, so that writers who collided do not collide again
 * (AWS Builders' Library, "Timeouts, retries, and backoff with jitter").
 */
export function startBackoff(
  table: Pick<Table, 'random' | 'sleep' | 'elapsedMs' | 'retryBudgetMs'>,
): Backoff {
  const deadline = table.elapsedMs() + table.retryBudgetMs;
  let waits = 0;
  const checkDeadline = (waitMs = 0): void => {
    if (table.elapsedMs() + waitMs <= deadline) return;
    throw new ContentionError('writers of one wallet raced past the deadline');
  };
  return {
    checkDeadline: () => checkDeadline(),
    wait: async (items = 1) => {
      const waitMs = table.random() * waitMaxMs(waits, items);
      checkDeadline(waitMs);
      waits += 1;
      await table.sleep(waitMs);
    },
  };
}

/** How long a command that has waited so often waits at most before it tries a transaction of so many items again. */
export function waitMaxMs(waits: number, items: number): number {
  return Math.min(CAP_MS, BASE_MS * 2 ** waits * Math.ceil(items / ITEMS_PER_BASE));
}
