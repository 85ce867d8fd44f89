import { crossing } from '#lib/alerts/wallet-alerts';
import type { Head, WalletRef } from '#lib/ledger/wallet';
import {
  ContentionError,
  type LedgerStore,
  type Reader,
  type RecordRef,
  type Stored,
} from '#lib/ports';
import { settingOf } from '#lib/settings/settings';

/** A change of one wallet, as the table's stream tells it. */
export interface WalletChange {
  /** Null before its first entry. */
  readonly before: Head | null;
  readonly after: Head;
}

/** Where the threshold stands of wallets whose owner has set none. */
export const THRESHOLDS = { key: 'low_balance_thresholds' } as const;
/** Each lost race is another writer's step about this one wallet: its owner's new threshold, or a grant told of. */
const RACES_MAX = 5;

type Known = Stored<'walletAlerts'> | null;

/**
 * Follows wallets through their changes, which must come in their order, and notes where one crosses its threshold
 * (DESIGN 7). What is noted is told by the stream in its turn, so that a crash on the way leaves nothing half told. `read`
 * holds what `alertRefs` name of all of them: a batch of the stream costs one round trip, and a write per crossing.
 */
export function followWallets(
  store: Pick<LedgerStore, 'load' | 'write'>,
  of: { readonly wallets: readonly WalletRef[]; readonly read: Reader },
): (change: WalletChange) => Promise<void> {
  const { read, wallets } = of;
  const known = new Map<string, Known>(
    wallets.map((wallet) => [nameOf(wallet), read('walletAlerts', refOf(wallet))]),
  );

  return async (change) => {
    const wallet = refOf(change.after);
    const standard = standardThreshold(read, wallet.creditType);
    for (let race = 0; race < RACES_MAX; race += 1) {
      const stored = known.get(nameOf(wallet)) ?? null;
      const value = crossing(stored?.value ?? null, { ...change, standard });
      if (!value) return;
      const version = stored?.version ?? null;
      if (await store.write([{ record: 'walletAlerts', id: wallet, value, version }])) {
        known.set(nameOf(wallet), { value, version: (version ?? 0) + 1 });
        return;
      }
      const again = await store.load([{ record: 'walletAlerts', id: wallet }]);
      known.set(nameOf(wallet), again('walletAlerts', wallet));
    }
    throw new ContentionError('the alerts of a wallet changed each time');
  };
}

/** What `followWallets` reads. */
export function alertRefs(wallets: readonly WalletRef[]): readonly RecordRef[] {
  return [
    ...wallets.map((wallet) => ({ record: 'walletAlerts', id: refOf(wallet) }) as const),
    { record: 'setting', id: THRESHOLDS },
  ];
}

/** Below how many available credits a wallet is low whose owner has said nothing. */
export function standardThreshold(read: Reader, creditType: string): number {
  const rows = settingOf('low_balance_thresholds', read('setting', THRESHOLDS));
  return rows.find((row) => row.credit_type === creditType)?.credits ?? 0;
}

function refOf({ userId, creditType }: WalletRef): WalletRef {
  return { userId, creditType };
}

function nameOf({ userId, creditType }: WalletRef): string {
  return `${userId}#${creditType}`;
}
