import type { Command } from '#lib/ledger/decision';
import { refund } from '#lib/ledger/refund';
import type { LedgerStore, Outcome } from '#lib/ports';
import { settingOf } from '#lib/settings/settings';
import { planOf } from '#lib/wallets/plan';

const DAY_MS = 86_400_000;

export interface RefundInput {
  readonly userId: string;
  /** The spend to give back. */
  readonly transactionId: string;
  /** Absent: all that is left of it. */
  readonly amount?: number | undefined;
  readonly command: Command;
}

/**
 * Gives a spend back to the grants it drew on, never more than was spent (DESIGN 3.5). Entries are immutable, so the
 * amount given back so far stands beside the spend and is written in the same transaction.
 */
export async function refundCredits(
  ledger: LedgerStore,
  input: RefundInput,
): Promise<Outcome | { readonly kind: 'missing' }> {
  const { userId, transactionId, command } = input;
  const spend = await ledger.loadEntry({ userId, entryId: transactionId });
  if (!spend) return { kind: 'missing' };
  const id = { userId, entryId: transactionId };
  return ledger.run({
    wallets: [spend],
    cause: command.cause,
    fingerprint: command.fingerprint ?? null,
    reads: [
      { record: 'refunded', id },
      { record: 'setting', id: { key: 'refund_grace_days' } },
    ],
    decide: ({ heads: [head], read }) => {
      const before = read('refunded', id);
      const refunded = before?.value.amount ?? 0;
      const graceDays = settingOf(
        'refund_grace_days',
        read('setting', { key: 'refund_grace_days' }),
      );
      const decision = refund(head, {
        ...command,
        spend,
        refunded,
        ...(input.amount !== undefined && { amount: input.amount }),
        graceExpiresAt: daysAfter(command.now, graceDays),
      });
      if (!decision.ok) return decision;
      const value = { amount: refunded + decision.entry.amount };
      return planOf(decision, [
        { record: 'refunded', id, value, version: before?.version ?? null },
      ]);
    },
  });
}

function daysAfter(instant: string, days: number): string {
  return new Date(Date.parse(instant) + days * DAY_MS).toISOString();
}
