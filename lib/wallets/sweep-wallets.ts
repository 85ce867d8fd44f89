import { advance } from '#lib/ledger/advance';
import type { WalletRef } from '#lib/ledger/wallet';
import type { DueStore, LedgerStore } from '#lib/ports';

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
  stores: { readonly ledger: LedgerStore; readonly due: DueStore },
  now: string,
): Promise<Sweep> {
  const wallets = await stores.due.dueWallets({ now, limit: WALLETS_MAX });
  let entries = 0;
  for (const wallet of wallets) entries += await sweepWallet(stores.ledger, wallet, now);
  return { entries, more: wallets.length === WALLETS_MAX };
}

/** A sweep has no cause of its own: its first entry's is the command's, so a repeated sweep meets what it has written. */
export async function sweepWallet(
  ledger: Pick<LedgerStore, 'loadHead' | 'run'>,
  wallet: WalletRef,
  now: string,
): Promise<number> {
  const [first] = advance(await ledger.loadHead(wallet), now).entries;
  if (!first) return 0;
  let written = 0;
  await ledger.run({
    wallets: [wallet],
    cause: first.cause,
    fingerprint: null,
    decide: ({ heads: [head] }) => {
      const swept = advance(head, now);
      const entry = swept.entries.find((made) => made.cause === first.cause);
      // Another command has advanced the wallet in the meantime, and written these entries with its own.
      if (!entry) return { ok: false, refusal: 'advanced' };
      written = swept.entries.length;
      return { ok: true, decisions: [{ ok: true, entry, ...swept }] };
    },
  });
  return written;
}
