import type { DueStore, LedgerStore } from '#lib/ports';
import { startTurns } from '#lib/turns';

export interface Sweep {
  /** Entries written. */
  readonly entries: number;
  /** Whether more may be due than one sweep looks at. */
  readonly more: boolean;
}

const WALLETS_MAX = 500;

/**
 * Writes down what time has done: expired grants and holds. Balances never wait for it, because every read and every
 * command advances the wallet itself (DESIGN 3.2); the history does, and so do those who follow the events.
 */
export async function sweepWallets(
  stores: { readonly ledger: Pick<LedgerStore, 'sweep'>; readonly due: DueStore },
  now: string,
): Promise<Sweep> {
  const wallets = await stores.due.dueWallets({ now, limit: WALLETS_MAX });
  let entries = 0;
  const turns = startTurns();
  for (const wallet of wallets) {
    await turns.take(async () => {
      entries += await stores.ledger.sweep(wallet, now);
    });
  }
  turns.end();
  return { entries, more: wallets.length === WALLETS_MAX };
}
