import { type AuditContext, auditWrite } from '#lib/admin/audit-record';
import { invariant } from '#lib/invariant';
import { adjust } from '#lib/ledger/adjust';
import type { Command, Refusal } from '#lib/ledger/decision';
import type { GrantTerms, Head, WalletRef } from '#lib/ledger/wallet';
import type { LedgerStore, Outcome } from '#lib/ports';
import { requestOf, requestRefs, requestWrites } from '#lib/requests/request-record';

export interface Adjustment {
  readonly wallet: WalletRef;
  /** Negative takes away. */
  readonly amount: number;
  /** Of credits that are added. */
  readonly terms: Omit<GrantTerms, 'grantedAt'>;
  /** Its description is the reason. */
  readonly command: Command;
  readonly audit: AuditContext;
}

type AdjustRefusal =
  | Refusal
  /** Nobody has registered the user, and none of their wallets has an entry. */
  | { readonly code: 'UNKNOWN_USER' }
  /** The key has corrected another user's wallet, whose entry this one's does not meet. */
  | { readonly code: 'IDEMPOTENCY_KEY_REUSED' };

/**
 * Corrects a wallet by hand: once per cause, never below what is available, with its audit record in the same
 * transaction (DESIGN 3.7). `missing` where nobody knows the user: a mistyped id must not open a wallet.
 */
export async function adjustCredits(
  ledger: Pick<LedgerStore, 'loadHeads' | 'run'>,
  adjustment: Adjustment,
): Promise<Outcome | { readonly kind: 'missing' } | { readonly kind: 'reused' }> {
  const first = await decide(ledger, adjustment, { known: false });
  if (first.kind !== 'refused' || first.refusal.code !== 'UNKNOWN_USER') return outcomeOf(first);
  // The app's backend may credit users whom nobody has registered: a wallet of another type knows them, too.
  const heads = await ledger.loadHeads(adjustment.wallet.userId);
  if (heads.length === 0) return { kind: 'missing' };
  return outcomeOf(await decide(ledger, adjustment, { known: true }));
}

function decide(
  ledger: Pick<LedgerStore, 'run'>,
  adjustment: Adjustment,
  { known }: { readonly known: boolean },
): Promise<Outcome<AdjustRefusal>> {
  const { amount, audit, command, terms, wallet } = adjustment;
  const { cause, fingerprint = null, now } = command;
  const id = { userId: wallet.userId };
  // The user stands in the body, so that the key is one for all users: the entry alone knows its own user's.
  const request = { cause, fingerprint };
  return ledger.run<AdjustRefusal>({
    wallets: [wallet],
    cause,
    fingerprint,
    reads: [{ record: 'account', id }, ...requestRefs(request)],
    decide: ({ heads: [head], read }) => {
      if (requestOf(read, request)) {
        return { ok: false, refusal: { code: 'IDEMPOTENCY_KEY_REUSED' } };
      }
      if (!known && head.seq === 0 && !read('account', id)) {
        return { ok: false, refusal: { code: 'UNKNOWN_USER' } };
      }
      const decision = adjust(head, { ...command, amount, terms });
      if (!decision.ok) return decision;
      const record = auditWrite(audit, {
        action: 'adjustCredits',
        userId: wallet.userId,
        target: { type: 'transaction', id: decision.entry.id },
        before: stateOf(head, decision.entry.balanceBefore),
        after: stateOf(decision.head, decision.head.balance),
        reason: command.description,
      });
      const writes = [record, ...requestWrites(request, now)];
      return { ok: true, decisions: [decision], writes };
    },
  });
}

/** In the names of the wire; what has expired before the correction is no part of it. */
function stateOf({ creditType, debt }: Head, balance: number) {
  return { credit_type: creditType, balance, debt };
}

function outcomeOf(outcome: Outcome<AdjustRefusal>): Outcome | { readonly kind: 'reused' } {
  if (outcome.kind !== 'refused') return outcome;
  const { refusal } = outcome;
  if (refusal.code === 'IDEMPOTENCY_KEY_REUSED') return { kind: 'reused' };
  invariant(refusal.code !== 'UNKNOWN_USER', 'a known user is never refused as unknown');
  return { kind: 'refused', refusal };
}
