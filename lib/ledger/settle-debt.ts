import { type Posting, post } from '#lib/ledger/decision';
import { drawInBurnOrder } from '#lib/ledger/draws';
import { availableOf } from '#lib/ledger/wallet';

/**
 * Pays debt from credits that came in or were set free (DESIGN 3.6). A wallet that owes has nothing available before
 * them, because every reversal takes all that is available first: so they alone pay.
 */
export function settleDebt(posting: Posting): Posting {
  const { head, entries } = posting;
  const paid = Math.min(head.debt, availableOf(head));
  const source = entries.findLast((made) => made.type !== 'expiry');
  if (paid === 0 || !source) return posting;
  return post(posting, {
    type: 'reversal',
    draws: drawInBurnOrder(head, paid),
    debtChange: -paid,
    description: 'Debt of an earlier reversal paid',
    reference: { type: 'transaction', id: source.id },
    cause: `debt:${source.id}`,
    actor: source.actor,
  });
}
