import type { Command } from '#lib/ledger/decision';
import { transfer } from '#lib/ledger/transfer';
import type { WalletRef } from '#lib/ledger/wallet';
import type { LedgerStore, Outcome } from '#lib/ports';
import { settingOf } from '#lib/settings/settings';
import type { WalletRefusal } from '#lib/wallets/refusal';
import { secondsToMidnight, sentToday } from '#lib/wallets/transfer-day';

const LIMIT = { key: 'transfer_limit_per_day' } as const;

/**
 * Moves credits to another user's wallet of the same type, in one transaction over both (DESIGN 5). The receiver must
 * be registered: credits for a mistyped name would be nobody's.
 */
export function transferCredits(
  ledger: LedgerStore,
  input: {
    readonly wallet: WalletRef;
    readonly toUserId: string;
    readonly amount: number;
    readonly command: Command;
  },
): Promise<Outcome<WalletRefusal>> {
  const { wallet, toUserId, amount, command } = input;
  const receiver = { userId: toUserId };
  return ledger.run<WalletRefusal>({
    wallets: [wallet, { ...wallet, userId: toUserId }],
    cause: command.cause,
    fingerprint: command.fingerprint ?? null,
    reads: [
      { record: 'account', id: receiver },
      { record: 'setting', id: LIMIT },
      { record: 'transferDay', id: wallet },
    ],
    decide: ({ heads: [from, to], read }) => {
      if (!to || wallet.userId === toUserId) return refused({ code: 'SELF_TRANSFER' });
      if (!read('account', receiver)) return refused({ code: 'RECEIVER_MISSING' });
      const moved = transfer({ from, to }, { ...command, amount });
      if (!moved.ok) return moved;
      const at = moved.from.entry.createdAt;
      const { sent, writes } = sentToday(from, at, read('transferDay', wallet));
      const limit = settingOf('transfer_limit_per_day', read('setting', LIMIT));
      if (limit > 0 && sent + amount > limit) {
        const remaining = Math.max(0, limit - sent);
        const retryAfterSeconds = secondsToMidnight(at);
        return refused({ code: 'TRANSFER_LIMIT_EXCEEDED', limit, remaining, retryAfterSeconds });
      }
      return { ok: true, decisions: [moved.from, moved.to], writes };
    },
  });
}

function refused(refusal: WalletRefusal) {
  return { ok: false, refusal } as const;
}
