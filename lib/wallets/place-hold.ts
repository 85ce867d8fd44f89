import type { Command } from '#lib/ledger/decision';
import { entryId } from '#lib/ledger/entry';
import { placeHold as decidePlacing } from '#lib/ledger/hold';
import type { WalletRef } from '#lib/ledger/wallet';
import type { LedgerStore, Outcome } from '#lib/ports';
import { settingOf } from '#lib/settings/settings';
import { holdIdOf, placedHold } from '#lib/wallets/hold';
import type { WalletRefusal } from '#lib/wallets/refusal';
import { spendingCapRefs, spendingCapsOf } from '#lib/wallets/spending-caps';

export interface PlaceHoldInput {
  readonly wallet: WalletRef;
  readonly amount: number;
  /** An instant, or seconds from now; the setting `hold_seconds_default` when both are absent. */
  readonly expiresAt?: string | undefined;
  readonly expiresInSeconds?: number | undefined;
  readonly command: Command;
}

const DEFAULT_SECONDS = { key: 'hold_seconds_default' } as const;
const MAX_SECONDS = { key: 'hold_seconds_max' } as const;

/** Sets credits aside, in burn order, until a capture, a release or the hold's expiry (DESIGN 3.2, 5). */
export function placeHold(
  ledger: LedgerStore,
  input: PlaceHoldInput,
): Promise<Outcome<WalletRefusal>> {
  const { wallet, amount, command } = input;
  const holdId = holdIdOf(entryId(wallet, command.cause));
  return ledger.run<WalletRefusal>({
    wallets: [wallet],
    cause: command.cause,
    fingerprint: command.fingerprint ?? null,
    reads: [
      { record: 'setting', id: DEFAULT_SECONDS },
      { record: 'setting', id: MAX_SECONDS },
      ...spendingCapRefs,
    ],
    decide: ({ heads: [head], read }) => {
      const limitSeconds = settingOf('hold_seconds_max', read('setting', MAX_SECONDS));
      const usual = settingOf('hold_seconds_default', read('setting', DEFAULT_SECONDS));
      const seconds = input.expiresInSeconds ?? Math.min(usual, limitSeconds);
      // The wallet's time: by a clock behind it, a hold of some seconds could be over before it is placed.
      const now = command.now > head.updatedAt ? command.now : head.updatedAt;
      const expiresAt = input.expiresAt ?? secondsAfter(now, seconds);
      if (expiresAt > secondsAfter(now, limitSeconds)) {
        return { ok: false, refusal: { code: 'HOLD_TOO_LONG', limitSeconds } };
      }
      const caps = spendingCapsOf(read, wallet.creditType);
      const decision = decidePlacing(head, { ...command, holdId, amount, caps, expiresAt });
      if (!decision.ok) return decision;
      const id = { userId: wallet.userId, holdId };
      const value = placedHold(decision.entry);
      return {
        ok: true,
        decisions: [decision],
        writes: [{ record: 'hold', id, value, version: null }],
      };
    },
  });
}

function secondsAfter(instant: string, seconds: number): string {
  return new Date(Date.parse(instant) + seconds * 1_000).toISOString();
}
