import { invariant } from '#lib/invariant';
import { advance } from '#lib/ledger/advance';
import { type Command, type Decision, refuse } from '#lib/ledger/decision';
import { type Entry, entryId } from '#lib/ledger/entry';
import { giveBackDraws, lastTaken, slicesTaken } from '#lib/ledger/give-back';
import { bringIn, grantIdOf } from '#lib/ledger/inflow';
import { checkAmount } from '#lib/ledger/limits';
import type { Head } from '#lib/ledger/wallet';

export interface RefundCommand extends Command {
  /** The spend to give back. */
  readonly spend: Entry;
  /** Credits of it that earlier refunds gave back. */
  readonly refunded: number;
  /** Absent: all that is left of it. */
  readonly amount?: number;
  /** When credits expire whose own grant has expired since. */
  readonly graceExpiresAt: string;
}

/** Gives a spend back to the grants it drew on, in whole or in part, never more than was spent (DESIGN 3.5). */
export function refund(head: Head, command: RefundCommand): Decision {
  const { spend, refunded, amount, graceExpiresAt, ...draft } = command;
  invariant(spend.userId === head.userId, 'a refund goes to the wallet that spent');
  invariant(spend.creditType === head.creditType, 'a refund goes to the wallet that spent');
  if (spend.type !== 'usage') return refuse({ code: 'NOT_REFUNDABLE', type: spend.type });
  const refundable = -spend.amount - refunded;
  invariant(0 <= refundable && 0 <= refunded, 'refunds never gave back more than was spent');
  if (refundable === 0) return refuse({ code: 'ALREADY_REFUNDED' });
  const credits = amount ?? refundable;
  checkAmount(credits);
  if (credits > refundable) return refuse({ code: 'REFUND_EXCEEDS_SPEND', refundable });

  const posting = advance(head, command.now);
  const draws = giveBackDraws(
    lastTaken(slicesTaken(spend.draws), { from: refunded, amount: credits }),
    {
      now: posting.now,
      graceExpiresAt,
      newGrantId: (part) => grantIdOf(entryId(head, command.cause), part),
    },
  );
  return bringIn(posting, { ...draft, type: 'refund', draws });
}
