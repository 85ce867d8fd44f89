import { byBurnOrder, freeOf, isExpired } from '#lib/ledger/burn-order';
import { type Posting, post } from '#lib/ledger/decision';
import { drawOf, grantOf } from '#lib/ledger/draws';
import type { Draw } from '#lib/ledger/entry';
import { settleDebt } from '#lib/ledger/settle-debt';
import type { Head, Hold } from '#lib/ledger/wallet';

/**
 * Brings a wallet to `now` (DESIGN 3.2): holds that are over are released, then grants that are over leave with an
 * `expiry` entry each. Every command and every read starts here, so a late sweep is never seen. A clock behind the
 * wallet's newest entry changes nothing.
 */
export function advance(head: Head, now: string): Posting {
  const start: Posting = {
    head,
    entries: [],
    now: now > head.updatedAt ? now : head.updatedAt,
  };
  const released = head.holds
    .filter((hold) => hold.expiresAt <= start.now)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .reduce<Posting>(
      (posting, hold) =>
        post(posting, {
          type: 'release',
          draws: releaseDraws(posting.head, hold),
          hold: { id: hold.id, action: 'expired', expiresAt: hold.expiresAt },
          description: 'Hold expired',
          reference: { type: 'hold', id: hold.id },
          cause: `hold:${hold.id}:expired`,
          actor: 'system:expiry',
        }),
      start,
    );
  return setFree(released);
}

/** What an ended hold sets free goes the way of all credits: past their expiry they leave, and debt comes first. */
export function setFree(posting: Posting): Posting {
  return settleDebt(expireGrants(posting));
}

/** Draws that set a hold's slices free again, each in the grant it came from. */
export function releaseDraws(head: Head, hold: Hold): readonly Draw[] {
  return hold.slices.map((slice) =>
    drawOf(grantOf(head, slice.grantId), { amount: 0, held: -slice.amount }),
  );
}

/** Takes out what has expired and is not held. A held slice stays until its hold ends, and expires then. */
function expireGrants(posting: Posting): Posting {
  return posting.head.grants
    .filter((grant) => isExpired(grant, posting.now) && freeOf(grant) > 0)
    .toSorted(byBurnOrder)
    .reduce<Posting>(
      (before, grant) =>
        post(before, {
          type: 'expiry',
          draws: [drawOf(grant, { amount: -freeOf(grant) })],
          description: 'Credits expired',
          reference: { type: 'grant', id: grant.id },
          // A grant can expire in parts when holds pinned some of it; seq tells the parts apart.
          cause: `expiry:${grant.id}:${before.head.seq + 1}`,
          actor: 'system:expiry',
        }),
      posting,
    );
}
