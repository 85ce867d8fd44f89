import { type CreditType, CREDIT_TYPES } from '#lib/contract/credit-types';
import type * as wire from '#lib/contract/wire';
import type { Wire } from '#lib/http/endpoint';
import { advance } from '#lib/ledger/advance';
import { byBurnOrder } from '#lib/ledger/burn-order';
import type { Entry } from '#lib/ledger/entry';
import { availableOf, type Head, heldOf, isFrozen } from '#lib/ledger/wallet';
import { invariant } from '#lib/invariant';

/** Wallets and entries as the API shows them (DESIGN 5, wire shapes). */

export function toTransaction(entry: Entry): Wire<typeof wire.transaction> {
  return {
    transaction_id: entry.id,
    user_id: entry.userId,
    credit_type: toCreditType(entry.creditType),
    seq: entry.seq,
    type: entry.type,
    amount: entry.amount,
    balance_before: entry.balanceBefore,
    balance_after: entry.balanceAfter,
    description: entry.description,
    reference: entry.reference,
    metadata: entry.metadata,
    draws: entry.draws.map((draw) => ({
      grant_id: draw.grantId,
      amount: draw.amount,
      held: draw.held,
      category: draw.category,
      expires_at: draw.expiresAt,
    })),
    actor: entry.actor,
    created_at: entry.createdAt,
  };
}

/** The answer of a call that moved credits: the balance is the entry's own, so a replay gives the first answer. */
export function toMovement(entry: Entry): Wire<typeof wire.movement> {
  return {
    success: true,
    transaction_id: entry.id,
    balance: entry.balanceAfter,
    transaction: toTransaction(entry),
  };
}

/** A wallet at an instant: what has expired by then is not in it, whether the sweep was there or not. */
export function toBalance(head: Head, now: string): Wire<typeof wire.balance> {
  const current = advance(head, now).head;
  return {
    credit_type: toCreditType(head.creditType),
    credits_balance: current.balance,
    credits_held: heldOf(current),
    credits_available: availableOf(current),
    total_purchased: current.totals.purchased,
    total_granted: current.totals.granted,
    credits_used: current.totals.used,
    debt: current.debt,
    frozen: isFrozen(current),
    expiring: current.grants
      .toSorted(byBurnOrder)
      .flatMap((grant) =>
        grant.expiresAt === null
          ? []
          : [{ amount: grant.remaining, category: grant.category, expires_at: grant.expiresAt }],
      ),
    version: head.seq,
  };
}

/** A wallet at a past instant, with the grants that were open then in the order in which they burn. */
export function toBalanceAt(head: Head, at: string): Wire<typeof wire.balance> {
  const { grants } = advance(head, at).head;
  return {
    ...toBalance(head, at),
    at,
    grants: grants.toSorted(byBurnOrder).map((grant) => ({
      grant_id: grant.id,
      category: grant.category,
      priority: grant.priority,
      remaining: grant.remaining,
      held: grant.held,
      granted_at: grant.grantedAt,
      expires_at: grant.expiresAt,
    })),
  };
}

/** A balance as services see it. */
export function toUserBalance(
  userId: string,
  balance: Wire<typeof wire.balance>,
): Wire<typeof wire.userBalance> {
  return { user_id: userId, balance: balance.credits_balance, ...balance };
}

/** Credit types are configuration: one that was removed while wallets hold it would be our mistake. */
export function toCreditType(creditType: string): CreditType {
  const known = CREDIT_TYPES.find((each) => each === creditType);
  invariant(known, 'every wallet is of a configured credit type');
  return known;
}
