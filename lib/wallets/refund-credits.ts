import type { Command, Refusal } from '#lib/ledger/decision';
import type { Entry } from '#lib/ledger/entry';
import { refund } from '#lib/ledger/refund';
import type { Head } from '#lib/ledger/wallet';
import type { LedgerStore, Outcome, Plan, Reader, RecordRef } from '#lib/ports';
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
  return ledger.run({
    wallets: [spend],
    cause: command.cause,
    fingerprint: command.fingerprint ?? null,
    reads: refundRefs(spend),
    decide: ({ heads: [head], read }) =>
      planRefund({ head, read }, { spend, amount: input.amount, command }),
  });
}

const GRACE = { key: 'refund_grace_days' } as const;

/** What the decision about a refund reads. */
export function refundRefs(spend: Pick<Entry, 'id' | 'userId'>): readonly RecordRef[] {
  return [
    { record: 'refunded', id: { userId: spend.userId, entryId: spend.id } },
    { record: 'setting', id: GRACE },
  ];
}

/** The refund of a spend as a plan, for transactions in which something else ends with it. */
export function planRefund(
  { head, read }: { readonly head: Head; readonly read: Reader },
  asked: {
    readonly spend: Entry;
    /** Absent: all that is left of it. */
    readonly amount?: number | undefined;
    readonly command: Command;
  },
): Plan<Refusal> {
  const { amount, command, spend } = asked;
  const id = { userId: spend.userId, entryId: spend.id };
  const before = read('refunded', id);
  const refunded = before?.value.amount ?? 0;
  const graceDays = settingOf('refund_grace_days', read('setting', GRACE));
  const decision = refund(head, {
    ...command,
    spend,
    refunded,
    ...(amount !== undefined && { amount }),
    graceExpiresAt: daysAfter(command.now, graceDays),
  });
  if (!decision.ok) return decision;
  const value = { amount: refunded + decision.entry.amount };
  return planOf(decision, [{ record: 'refunded', id, value, version: before?.version ?? null }]);
}

function daysAfter(instant: string, days: number): string {
  return new Date(Date.parse(instant) + days * DAY_MS).toISOString();
}
