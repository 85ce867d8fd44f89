import { invariant } from '#lib/invariant';
import { byBurnOrder, freeOf } from '#lib/ledger/burn-order';
import type { Draw } from '#lib/ledger/entry';
import type { Grant, Head } from '#lib/ledger/wallet';

/** A draw on an open grant, carrying its terms. */
export function drawOf(
  grant: Grant,
  change: { readonly amount: number; readonly held?: number },
): Draw {
  return {
    grantId: grant.id,
    amount: change.amount,
    held: change.held ?? 0,
    category: grant.category,
    priority: grant.priority,
    expiresAt: grant.expiresAt,
    grantedAt: grant.grantedAt,
  };
}

/** The open grant that a slice or a draw names. */
export function grantOf(head: Head, grantId: string): Grant {
  const grant = head.grants.find((open) => open.id === grantId);
  invariant(grant, 'what holds set aside is in an open grant');
  return grant;
}

/** Draws of `amount` free credits, which the caller knows to be there; the grants `first` go before the burn order. */
export function drawInBurnOrder(
  head: Head,
  amount: number,
  first: readonly Grant[] = [],
): readonly Draw[] {
  const draws: Draw[] = [];
  let owed = amount;
  const inOrder = head.grants.toSorted(byBurnOrder);
  for (const grant of [...first, ...inOrder.filter((open) => !first.includes(open))]) {
    const drawn = Math.min(freeOf(grant), owed);
    if (drawn > 0) draws.push(drawOf(grant, { amount: -drawn }));
    owed -= drawn;
  }
  invariant(owed === 0, 'an outflow is covered by what is available');
  return draws;
}

/** One draw per grant, where an entry touches a grant for two reasons. */
export function joinByGrant(draws: readonly Draw[]): readonly Draw[] {
  const joined = new Map<string, Draw>();
  for (const draw of draws) {
    const before = joined.get(draw.grantId);
    const amount = draw.amount + (before?.amount ?? 0);
    const held = draw.held + (before?.held ?? 0);
    joined.set(draw.grantId, { ...draw, amount, held });
  }
  return [...joined.values()];
}
