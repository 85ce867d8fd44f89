import { invariant } from '#lib/invariant';
import { advance } from '#lib/ledger/advance';
import { type Command, type Decision, decided, post } from '#lib/ledger/decision';
import { drawInBurnOrder } from '#lib/ledger/draws';
import { type Draw, type Entry, entryId } from '#lib/ledger/entry';
import { giveBackDraws, lastTaken, type Slice, slicesTaken } from '#lib/ledger/give-back';
import { bringIn, grantIdOf } from '#lib/ledger/inflow';
import { availableOf, type Grant, type Head } from '#lib/ledger/wallet';

/** What happens to a part of a reversal that the balance cannot cover (setting `clawback`). */
export type Clawback = 'debt' | 'floor';

/**
 * Credits that all refunds and lost disputes of a payment together take back: the refunded share of what it
 * granted, rounded half up, never more than it granted (DESIGN 3.6). Money in minor units.
 */
export function reversedShare(payment: {
  readonly credits: number;
  readonly paidMinor: number;
  readonly refundedMinor: number;
}): number {
  const { credits, paidMinor, refundedMinor } = payment;
  if (refundedMinor >= paidMinor) return credits;
  // The product passes 2^53 for large payments, so it is made of big integers.
  const [c, paid, refunded] = [BigInt(credits), BigInt(paidMinor), BigInt(refundedMinor)];
  return Number((2n * c * refunded + paid) / (2n * paid));
}

/**
 * Takes back `amount` credits of a payment: from its own grant first, then in burn order. What available credits
 * cannot cover becomes debt or is forgiven, as the policy says. Held credits stay with their holds.
 */
export function reverse(
  head: Head,
  command: Command & {
    readonly amount: number;
    /** The grant that the payment made. */
    readonly grantId: string;
    readonly clawback: Clawback;
  },
): Decision {
  const { amount, grantId, clawback, ...draft } = command;
  const posting = advance(head, command.now);
  const covered = Math.min(amount, availableOf(posting.head));
  const uncovered = amount - covered;
  return decided(
    post(
      posting,
      {
        ...draft,
        type: 'reversal',
        draws: drawInBurnOrder(posting.head, covered, grantId),
        debtChange: clawback === 'debt' ? uncovered : 0,
        forgiven: clawback === 'floor' ? uncovered : 0,
      },
      command.now,
    ),
    command,
  );
}

export interface ReinstateCommand extends Command {
  /** Credits to reinstate, of what the reversals took and were not yet reinstated. */
  readonly amount: number;
  /** All reversals of the payment, oldest first. */
  readonly reversals: readonly Entry[];
  /** Credits of them that earlier reinstatements undid. */
  readonly reinstated: number;
  /** The grant that the payment made: credits go there that stand for debt which was paid since. */
  readonly paymentGrant: Omit<Grant, 'remaining' | 'held'>;
  readonly graceExpiresAt: string;
}

/**
 * Undoes reversals exactly (DESIGN 3.6: a won dispute, a failed refund): credits go back to the grants they were
 * taken from, debt that is still open is cancelled, debt that was paid since comes back as credits, and what was
 * forgiven gives nothing.
 */
export function reinstate(head: Head, command: ReinstateCommand): Decision {
  const { amount, reversals, reinstated, paymentGrant, graceExpiresAt, ...draft } = command;
  const posting = advance(head, command.now);
  const parts = lastTaken(reversals.flatMap(effectsOf), { from: reinstated, amount });

  const owed = sumOf(parts, 'debt');
  const cancelled = Math.min(owed, posting.head.debt);
  const repaid = owed - cancelled;
  const slices: Slice[] = parts.flatMap(({ effect, draw, amount: credits }) =>
    effect === 'taken' && draw ? [{ draw, amount: credits }] : [],
  );
  if (repaid > 0) {
    const { id: grantId, ...terms } = paymentGrant;
    slices.push({ draw: { ...terms, grantId, amount: -repaid, held: 0 }, amount: repaid });
  }
  const draws = giveBackDraws(slices, {
    now: command.now,
    graceExpiresAt,
    newGrantId: (part) => grantIdOf(entryId(head, command.cause), part),
  });
  const entry = { ...draft, type: 'reinstatement', draws, debtChange: 0 - cancelled } as const;
  return bringIn(posting, entry, command.now);
}

interface Effect {
  readonly effect: 'taken' | 'debt' | 'forgiven';
  readonly draw: Draw | null;
  readonly amount: number;
}

/** What one reversal did, in order: credits taken, then what they did not cover. */
function effectsOf(reversal: Entry): readonly Effect[] {
  invariant(reversal.type === 'reversal', 'only reversals are reinstated');
  const taken = slicesTaken(reversal.draws).map(({ draw, amount }): Effect => ({
    effect: 'taken',
    draw,
    amount,
  }));
  const rest: readonly Effect[] = [
    { effect: 'debt', draw: null, amount: reversal.debtChange },
    { effect: 'forgiven', draw: null, amount: reversal.forgiven },
  ];
  return [...taken, ...rest.filter((effect) => effect.amount > 0)];
}

function sumOf(effects: readonly Effect[], kind: Effect['effect']): number {
  return effects.reduce((sum, part) => (part.effect === kind ? sum + part.amount : sum), 0);
}
