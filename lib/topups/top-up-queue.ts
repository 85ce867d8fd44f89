import type { WalletRef } from '#lib/ledger/wallet';

/** Where somebody is asked to look at a wallet's top-up; resolves once the queue has the message for certain. */
export interface TopUpQueue {
  readonly send: (wallet: WalletRef) => Promise<void>;
}
