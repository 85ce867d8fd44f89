import { byBurnOrder, freeOf } from '#lib/ledger/burn-order';
import { type Draft, type Posting, post } from '#lib/ledger/decision';
import { drawOf } from '#lib/ledger/draws';

/**
 * Ends grants before their time, where what they stand for has ended: what is neither spent nor held leaves them, and
 * no other credits do. Never more than is there, so that it can make neither a debt nor a balance below zero. Posts
 * nothing where nothing is left. The wallet must be advanced to now.
 */
export function endGrants(
  posting: Posting,
  command: Omit<Draft, 'type' | 'draws'> & { readonly grantIds: readonly string[] },
): Posting {
  const { grantIds, ...draft } = command;
  const draws = posting.head.grants
    .filter((grant) => grantIds.includes(grant.id) && freeOf(grant) > 0)
    .toSorted(byBurnOrder)
    .map((grant) => drawOf(grant, { amount: -freeOf(grant) }));
  return draws.length === 0 ? posting : post(posting, { ...draft, type: 'expiry', draws });
}
