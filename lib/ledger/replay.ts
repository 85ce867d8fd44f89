import { applyEntry } from '#lib/ledger/apply-entry';
import type { Entry } from '#lib/ledger/entry';
import { emptyHead, type Head, type WalletRef } from '#lib/ledger/wallet';

/** Rebuilds a wallet's head from its entries, oldest first: they say everything that it holds (DESIGN 3.10). */
export function replay(wallet: WalletRef, entries: readonly Entry[]): Head {
  return entries.reduce(applyEntry, emptyHead(wallet));
}
