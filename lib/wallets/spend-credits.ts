import type { Command } from '#lib/ledger/decision';
import { spend } from '#lib/ledger/spend';
import type { WalletRef } from '#lib/ledger/wallet';
import type { LedgerStore, Outcome } from '#lib/ports';
import { planOf } from '#lib/wallets/plan';
import { spendingCapRefs, spendingCapsOf } from '#lib/wallets/spending-caps';

/** Takes credits out of a wallet: all of them or none, once per cause, within the spending caps (DESIGN 3.4, 3.8, 5). */
export function spendCredits(
  ledger: LedgerStore,
  input: { readonly wallet: WalletRef; readonly command: Command & { readonly amount: number } },
): Promise<Outcome> {
  const { wallet, command } = input;
  return ledger.run({
    wallets: [wallet],
    cause: command.cause,
    fingerprint: command.fingerprint ?? null,
    reads: spendingCapRefs,
    decide: ({ heads: [head], read }) => {
      const caps = spendingCapsOf(read, wallet.creditType);
      return planOf(spend(head, { ...command, caps }));
    },
  });
}
