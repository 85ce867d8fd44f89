import { type VerificationProblem, verify } from '#lib/ledger/verify';
import { emptyHead } from '#lib/ledger/wallet';
import type { LedgerStore } from '#lib/ports';

export interface WalletVerification {
  readonly creditType: string;
  readonly entries: number;
  readonly problems: readonly VerificationProblem[];
}

/**
 * Proves all wallets of a user from the base table alone (DESIGN 3.10). Entries without a head count as a wallet, so
 * that a head which went missing is a problem and not a silence.
 */
export async function verifyWallets(
  ledger: LedgerStore,
  userId: string,
): Promise<readonly WalletVerification[]> {
  const heads = await ledger.loadHeads(userId);
  const entries = await ledger.loadEntries(userId);
  const creditTypes = new Set([...heads, ...entries].map((each) => each.creditType));
  return [...creditTypes].toSorted().map((creditType) => {
    const head = heads.find((each) => each.creditType === creditType);
    const own = entries.filter((entry) => entry.creditType === creditType);
    const problems = verify(head ?? emptyHead({ userId, creditType }), own);
    return { creditType, entries: own.length, problems };
  });
}
