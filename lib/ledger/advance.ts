import { byBurnOrder, freeOf, isExpired } from '#lib/ledger/burn-order';
import { type Posting, post } from '#lib/ledger/decision';
import { drawOf } from '#lib/ledger/draws';
import type { Draw } from '#lib/ledger/entry';
import type { Head, Hold } from '#lib/ledger/wallet';

/**
 * Brings a wallet to `now` (DESIGN 3.2): holds that are over are released, then grants that are over leave with an
 * `expiry` entry each. Every command and every read starts here, so a late sweep is never seen.
 */
export function advance(head: Head, now: string): Posting {
  const over = head.holds
    .filter((hold) => hold.expiresAt <= now)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const released = over.reduce<Posting>(
    (posting, hold) =>
      post(
        posting,
        {
          type: 'release',
          draws: releaseDraws(posting.head, hold),
          hold: { id: hold.id, action: 'expired', expiresAt: hold.expiresAt },
          description: 'Hold expired',
          reference: { type: 'hold', id: hold.id },
          cause: `hold:${hold.id}:expired`,
          actor: 'system:expiry',
        },
        now,
      ),
    { head, entries: [] },
  );
  return expireGrants(released, now);
}

/** Takes out what has expired and is not held. A held slice stays until its hold ends, and expires then. */
export function expireGrants(posting: Posting, now: string): Posting {
  return posting.head.grants
    .filter((grant) => isExpired(grant, now) && freeOf(grant) > 0)
    .toSorted(byBurnOrder)
    .reduce<Posting>(
      (before, grant) =>
        post(
          before,
          {
            type: 'expiry',
            draws: [drawOf(grant, { amount: -freeOf(grant) })],
            description: 'Credits expired',
            reference: { type: 'grant', id: grant.id },
            // A grant can expire in parts when holds pinned some of it; seq tells the parts apart.
            cause: `expiry:${grant.id}:${before.head.seq + 1}`,
            actor: 'system:expiry',
          },
          now,
        ),
      posting,
    );
}

/** Draws that set a hold's slices free again, each in the grant it came from. */
export function releaseDraws(head: Head, hold: Hold): readonly Draw[] {
  return hold.slices.flatMap((slice) =>
    head.grants
      .filter((grant) => grant.id === slice.grantId)
      .map((grant) => drawOf(grant, { amount: 0, held: -slice.amount })),
  );
}
