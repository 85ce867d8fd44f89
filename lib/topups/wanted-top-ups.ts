import { availableOf, type Head, type WalletRef } from '#lib/ledger/wallet';
import type { Reader, RecordRef, TableChange } from '#lib/ports';
import { statusOf } from '#lib/purchases/purchase-status';
import { topUpRef } from '#lib/topups/change-top-up';
import { isWanted } from '#lib/topups/top-up';

/** What `isTopUpWanted` reads of wallets that have changed. */
export function topUpRefs(wallets: readonly WalletRef[]): readonly RecordRef[] {
  return wallets.map(topUpRef);
}

/**
 * Whether a wallet that has changed should be looked at. While a purchase is in flight it should not, whatever is spent
 * meanwhile; and most wallets have no top-up at all, which the stream knows without asking twice.
 */
export function isTopUpWanted(
  read: Reader,
  wallet: { readonly after: Head; readonly at: string },
): boolean {
  const { after, at } = wallet;
  const topUp = read('topUp', topUpRef(after).id);
  return topUp !== null && isWanted(topUp.value, { available: availableOf(after), at });
}

/**
 * The wallet whose top-up somebody has to look at because of a change that is not the wallet's own: its owner has asked
 * for something, or there is news of its purchase.
 */
export function topUpToLookAt(change: TableChange): WalletRef | null {
  switch (change.kind) {
    case 'top_up_changed': {
      const { after, before } = change;
      return after.enabled && after.asked !== (before?.asked ?? 0) ? topUpRef(after).id : null;
    }
    case 'purchase_changed': {
      const { after, before } = change;
      if (after.origin !== 'auto_topup' || !before) return null;
      const isNews =
        statusOf(before) !== statusOf(after) ||
        (before.credited === null) !== (after.credited === null);
      return isNews ? topUpRef(after).id : null;
    }
    case 'entry_created':
    case 'wallet_changed':
    case 'alerts_changed':
    case 'subscription_changed':
    case 'other':
      return null;
  }
}
