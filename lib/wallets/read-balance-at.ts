import type { Head, WalletRef } from '#lib/ledger/wallet';
import type { HistoryStore } from '#lib/ports';

/**
 * A wallet as it was at an instant of the past, still to be advanced to it: what had expired by then was gone for
 * whoever looked, written down or not. Null for an instant that has not come yet.
 */
export async function readBalanceAt(
  history: HistoryStore,
  asked: { readonly wallet: WalletRef; readonly at: string; readonly now: string },
): Promise<Head | null> {
  return asked.at > asked.now ? null : history.headAt(asked.wallet, asked.at);
}
