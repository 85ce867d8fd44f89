import type { Command } from '#lib/ledger/decision';
import { add, type GrantingType } from '#lib/ledger/inflow';
import type { Category, GrantTerms, WalletRef } from '#lib/ledger/wallet';
import type { LedgerStore, Outcome } from '#lib/ports';
import { planOf } from '#lib/wallets/plan';

/** What an entry that brings in credits of a category is called in the history. */
const TYPE_OF_CATEGORY: Readonly<Record<Category, GrantingType>> = {
  promotional: 'bonus',
  plan: 'subscription',
  paid: 'purchase',
};

/** Grants credits on the word of the app's backend, once per cause. */
export function addCredits(
  ledger: LedgerStore,
  input: {
    readonly wallet: WalletRef;
    readonly command: Command & { readonly amount: number } & Omit<GrantTerms, 'grantedAt'>;
  },
): Promise<Outcome> {
  const { wallet, command } = input;
  const type = TYPE_OF_CATEGORY[command.category];
  return ledger.run({
    wallets: [wallet],
    cause: command.cause,
    fingerprint: command.fingerprint ?? null,
    decide: ({ heads: [head] }) => planOf(add(head, { ...command, type })),
  });
}
