import { type VerificationProblem, verify } from '#lib/ledger/verify';
import { emptyHead, type Head } from '#lib/ledger/wallet';
import type { LedgerStore, Unreadable } from '#lib/ports';

export interface WalletVerification {
  readonly creditType: string;
  readonly entries: number;
  readonly problems: readonly VerificationProblem[];
}

/**
 * Proves all wallets of a user from the base table alone (DESIGN 3.10). Entries without a head count as a wallet, so
 * that a head which went missing is a problem and not a silence; so is a record that cannot be read.
 */
export async function verifyWallets(
  ledger: Pick<LedgerStore, 'loadHeads' | 'loadEntries'>,
  userId: string,
): Promise<readonly WalletVerification[]> {
  const unreadable: Unreadable[] = [];
  const tell = (found: Unreadable) => void unreadable.push(found);
  const heads = await ledger.loadHeads(userId, tell);
  const entries = await ledger.loadEntries(userId, tell);
  const isAhead = entries.some(({ creditType, seq }) => seq > seqOf(heads, creditType));
  // Told before, if there is anything to tell.
  const later = isAhead ? await ledger.loadHeads(userId, () => undefined) : heads;
  const creditTypes = new Set([...heads, ...entries, ...unreadable].map((each) => each.creditType));
  return [...creditTypes].toSorted().map((creditType) => {
    const head = heads.find((each) => each.creditType === creditType);
    // What came in while we read is ahead of the head that we have read, and behind the one that there is now.
    const [from, to] = [seqOf(heads, creditType), seqOf(later, creditType)];
    const own = entries.filter(
      (entry) => entry.creditType === creditType && !(entry.seq > from && entry.seq <= to),
    );
    const problems = [
      ...unreadable.filter((each) => each.creditType === creditType).map(asProblem),
      ...verify(head ?? emptyHead({ userId, creditType }), own),
    ];
    return { creditType, entries: own.length, problems };
  });
}

function asProblem({ detail, seq }: Unreadable): VerificationProblem {
  return { seq: Number.isNaN(seq) ? 0 : seq, code: 'UNREADABLE', detail };
}

function seqOf(heads: readonly Head[], creditType: string): number {
  return heads.find((head) => head.creditType === creditType)?.seq ?? 0;
}
