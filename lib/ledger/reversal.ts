import { invariant } from '#lib/invariant';
import { advance } from '#lib/ledger/advance';
import { byBurnOrder } from '#lib/ledger/burn-order';
import { type Command, type Decision, decided, post } from '#lib/ledger/decision';
import { drawInBurnOrder } from '#lib/ledger/draws';
import { type Draw, type Entry, entryId } from '#lib/ledger/entry';
import {
  giveBackDraws,
  lastTaken,
  type Slice,
  slicesTaken,
  withoutLastTaken,
} from '#lib/ledger/give-back';
import { bringIn, grantIdOf, kindOf } from '#lib/ledger/inflow';
import { BALANCE_MAX, checkAmount } from '#lib/ledger/limits';
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
  checkAmount(credits);
  invariant(0 <= refundedMinor && 0 <= paidMinor, 'money is paid and refunded in positive amounts');
  if (refundedMinor >= paidMinor) return credits;
  // The product passes 2^53 for large payments, so it is made of big integers.
  const [c, paid, refunded] = [BigInt(credits), BigInt(paidMinor), BigInt(refundedMinor)];
  return Number((2n * c * refunded + paid) / (2n * paid));
}

/** The grant that a payment made, as it was then. */
export type PaymentGrant = Omit<Grant, 'remaining' | 'held'>;

/**
 * Takes back `amount` credits of a payment: from its own grant first, or the one that it was merged into, then in burn
 * order. What available credits cannot cover becomes debt or is forgiven, as the policy says. Held credits stay with
 * their holds.
 */
export function reverse(
  head: Head,
  command: Command & {
    readonly amount: number;
    readonly paymentGrant: PaymentGrant;
    readonly clawback: Clawback;
  },
): Decision {
  const { amount, paymentGrant, clawback, ...draft } = command;
  checkAmount(amount, BALANCE_MAX);
  const posting = advance(head, command.now);
  const covered = Math.min(amount, availableOf(posting.head));
  const uncovered = amount - covered;
  return decided(
    post(posting, {
      ...draft,
      type: 'reversal',
      draws: drawInBurnOrder(posting.head, covered, grantsOf(posting.head, paymentGrant)),
      debtChange: clawback === 'debt' ? uncovered : 0,
      forgiven: clawback === 'floor' ? uncovered : 0,
    }),
    command,
  );
}

/**
 * Where a payment's credits are: in its own grant, and in older ones of its kind. The burn order empties the older
 * first, so that what is left in one, while the payment's own is not whole, was merged into it (DESIGN 3.9).
 */
function grantsOf({ grants }: Head, payment: PaymentGrant): readonly Grant[] {
  const kind = kindOf(payment);
  const older = grants.filter(
    (grant) =>
      grant.id !== payment.id && kindOf(grant) === kind && grant.grantedAt <= payment.grantedAt,
  );
  return [...grants.filter(({ id }) => id === payment.id), ...older.toSorted(byBurnOrder)];
}

export interface ReinstateCommand extends Command {
  /** Credits to reinstate: at most what `reversedCredits` says of the history. */
  readonly amount: number;
  /** Every reversal and reinstatement of the payment, oldest first. */
  readonly history: readonly Entry[];
  /** The grant that the payment made: credits go there that stand for debt which was paid since. */
  readonly paymentGrant: PaymentGrant;
  readonly graceExpiresAt: string;
}

/**
 * Undoes reversals exactly, the latest first (DESIGN 3.6: a won dispute, a failed refund): credits go back to the
 * grants they were taken from, debt that is still open is cancelled, debt that was paid since comes back as credits,
 * and what was forgiven gives nothing.
 */
export function reinstate(head: Head, command: ReinstateCommand): Decision {
  const { amount, history, paymentGrant, graceExpiresAt, ...draft } = command;
  checkAmount(amount, BALANCE_MAX);
  const posting = advance(head, command.now);
  const undone = lastTaken(openEffects(history), { from: 0, amount });

  const owed = sumOf(undone, 'debt');
  const cancelled = Math.min(owed, posting.head.debt);
  const repaid = owed - cancelled;
  const slices: Slice[] = undone.filter((part) => part.effect === 'taken');
  if (repaid > 0) {
    const { id: grantId, ...terms } = paymentGrant;
    slices.push({ draw: { ...terms, grantId, amount: -repaid, held: 0 }, amount: repaid });
  }
  const draws = giveBackDraws(slices, {
    now: posting.now,
    graceExpiresAt,
    newGrantId: (part) => grantIdOf(entryId(head, command.cause), part),
  });
  return bringIn(posting, {
    ...draft,
    type: 'reinstatement',
    draws,
    debtChange: 0 - cancelled,
    forgiven: 0 - sumOf(undone, 'forgiven'),
  });
}

/** Credits of a payment that its reversals took back, covered or not, and no reinstatement undid. */
export function reversedCredits(history: readonly Entry[]): number {
  return history.reduce((sum, entry) => sum - undoneBy(entry), 0);
}

type Effect =
  | { readonly effect: 'taken'; readonly draw: Draw; readonly amount: number }
  | { readonly effect: 'debt' | 'forgiven'; readonly amount: number };

/** What a payment's reversals did and no reinstatement has undone, in the order in which it was done. */
function openEffects(history: readonly Entry[]): readonly Effect[] {
  return history.reduce<readonly Effect[]>((open, entry) => {
    if (entry.type === 'reinstatement') return withoutLastTaken(open, undoneBy(entry));
    invariant(entry.type === 'reversal' && entry.debtChange >= 0, 'only reversals are reinstated');
    return [...open, ...effectsOf(entry)];
  }, []);
}

/** What one reversal did, in order: credits taken, then what they did not cover. */
function effectsOf(reversal: Entry): readonly Effect[] {
  const taken = slicesTaken(reversal.draws).map(
    (slice) => ({ effect: 'taken', ...slice }) satisfies Effect,
  );
  const uncovered: readonly Effect[] = [
    { effect: 'debt', amount: reversal.debtChange },
    { effect: 'forgiven', amount: reversal.forgiven },
  ];
  return [...taken, ...uncovered.filter((effect) => effect.amount > 0)];
}

/** Credits of reversals that a reinstatement undid; below zero for a reversal. */
function undoneBy(entry: Entry): number {
  return entry.amount - entry.debtChange - entry.forgiven;
}

function sumOf(effects: readonly Effect[], kind: Effect['effect']): number {
  return effects.reduce((sum, part) => (part.effect === kind ? sum + part.amount : sum), 0);
}
