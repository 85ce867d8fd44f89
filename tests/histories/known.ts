import type { Answer, WalletName } from '#tests/histories/judge/history';
import type { Wallet } from '#tests/histories/operations';
import type { PurchaseEvent } from '#tests/histories/purchases';

/** What clients have learnt from answers: whom they can ask for what, at the edge of what is there. */
export interface Known {
  readonly available: Map<WalletName, number>;
  readonly spends: { readonly id: string; readonly wallet: Wallet; readonly amount: number }[];
  readonly holds: { readonly id: string; readonly wallet: Wallet; readonly amount: number }[];
  readonly applications: { readonly id: string; readonly userId: string; readonly spend: string }[];
  /** Wallets that somebody has frozen, or tried to. */
  readonly frozen: Wallet[];
  readonly codes: readonly {
    readonly code: string;
    readonly credits: number;
    readonly usesMax: number;
  }[];
  readonly events: readonly PurchaseEvent[];
  readonly spendKeys: {
    readonly key: string;
    readonly wallet: WalletName;
    readonly amount: number;
  }[];
}

/** Remembers how much was there, as far as an answer says. */
export function learnAvailable({ available }: Known, answer: Answer): void {
  switch (answer.kind) {
    case 'balance':
      available.set(answer.wallet, answer.available);
      return;
    case 'refused':
      if (answer.available !== undefined) available.set(answer.wallet, answer.available);
      return;
    case 'done':
      for (const { wallet, amount } of answer.entries) {
        available.set(wallet, Math.max(0, (available.get(wallet) ?? 0) + amount));
      }
      return;
    case 'page':
    case 'unknown':
    case 'unexpected':
      return;
  }
}
