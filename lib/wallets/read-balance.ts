import type { Head, WalletRef } from '#lib/ledger/wallet';
import type { LedgerStore } from '#lib/ports';

/** Heads for showing a balance; what decides about credits never reads here. */
export interface BalanceReader {
  /** A wallet's head, at most `maxAgeSeconds` old; 0 is strongly consistent. */
  readonly headOf: (
    wallet: WalletRef,
    asked: { readonly now: string; readonly maxAgeSeconds: number },
  ) => Promise<Head>;
  /** All wallets of a user, strongly consistent. */
  readonly headsOf: (userId: string) => Promise<readonly Head[]>;
}

const CACHED_WALLETS_MAX = 1_000;

/**
 * Keeps the heads that this instance has read, for callers who say that an older answer will do (DESIGN 5,
 * `Cache-Control: max-age`). Everybody else reads the table, and refreshes the cache.
 */
export function createBalanceReader(
  ledger: Pick<LedgerStore, 'loadHead' | 'loadHeads'>,
): BalanceReader {
  const cache = new Map<string, { readonly head: Head; readonly readAt: string }>();
  return {
    async headOf(wallet, { now, maxAgeSeconds }) {
      const name = `${wallet.userId}#${wallet.creditType}`;
      const cached = cache.get(name);
      if (cached && isFresh(cached.readAt, now, maxAgeSeconds)) return cached.head;
      const head = await ledger.loadHead(wallet);
      cache.delete(name);
      // A map keeps the order of insertion, so its first key is the oldest reading.
      const [oldest] = cache.keys();
      if (oldest !== undefined && cache.size >= CACHED_WALLETS_MAX) cache.delete(oldest);
      cache.set(name, { head, readAt: now });
      return head;
    },
    headsOf: (userId) => ledger.loadHeads(userId),
  };
}

/** A clock that was set back makes no cached answer younger than it is. */
function isFresh(readAt: string, now: string, maxAgeSeconds: number): boolean {
  const ageMs = Date.parse(now) - Date.parse(readAt);
  return maxAgeSeconds > 0 && ageMs >= 0 && ageMs <= maxAgeSeconds * 1_000;
}
