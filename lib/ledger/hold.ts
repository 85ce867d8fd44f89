import { advance, releaseDraws, setFree } from '#lib/ledger/advance';
import { type Command, type Decision, decided, post, refuse } from '#lib/ledger/decision';
import { drawInBurnOrder, drawOf, grantOf, joinByGrant } from '#lib/ledger/draws';
import type { Draw } from '#lib/ledger/entry';
import { checkAmount, HOLDS_MAX } from '#lib/ledger/limits';
import { type SpendCommand, spendRefusal } from '#lib/ledger/spend';
import { capRefusal } from '#lib/ledger/spending-cap';
import { availableOf, type Head, type Hold, isFrozen } from '#lib/ledger/wallet';

/**
 * Sets credits aside, in burn order, until they are captured or released or `expiresAt` comes. A spending cap refuses
 * the hold and not its capture: by then the work is done.
 */
export function placeHold(
  head: Head,
  command: SpendCommand & { readonly holdId: string; readonly expiresAt: string },
): Decision {
  const { holdId, amount, caps, expiresAt, ...draft } = command;
  checkAmount(amount);
  const posting = advance(head, command.now);
  if (expiresAt <= posting.now) return refuse({ code: 'ALREADY_EXPIRED' });
  const { holds } = posting.head;
  if (holds.some((open) => open.id === holdId)) return refuse({ code: 'HOLD_EXISTS' });
  const refusal = spendRefusal(posting, { amount, caps });
  if (refusal) return refuse(refusal);
  if (holds.length >= HOLDS_MAX) return refuse({ code: 'TOO_MANY_HOLDS', limit: HOLDS_MAX });
  const draws = drawInBurnOrder(posting.head, amount).map((draw) => ({
    ...draw,
    amount: 0,
    held: -draw.amount,
  }));
  const hold = { id: holdId, action: 'placed', expiresAt } as const;
  return decided(post(posting, { ...draft, type: 'hold', draws, hold }), command);
}

/**
 * Spends a hold, once. Less than was held sets the rest free; more takes the overrun from what is available, or is
 * refused with both numbers and leaves the hold open.
 */
export function captureHold(
  head: Head,
  command: Omit<SpendCommand, 'amount'> & { readonly holdId: string; readonly amount?: number },
): Decision {
  const { holdId, amount, caps, ...draft } = command;
  const posting = advance(head, command.now);
  const hold = posting.head.holds.find((open) => open.id === holdId);
  if (!hold) return refuse({ code: notOpen(head, holdId) });
  const current = posting.head;
  const held = hold.slices.reduce((sum, slice) => sum + slice.amount, 0);
  const captured = amount ?? held;
  checkAmount(captured);
  // What was set aside before the freeze may be spent, and nothing beyond it.
  if (captured > held && isFrozen(current)) return refuse({ code: 'WALLET_FROZEN' });
  const available = availableOf(current) + held;
  if (captured > available) {
    const shortfall = captured - available;
    return refuse({ code: 'INSUFFICIENT_CREDITS', required: captured, available, shortfall });
  }
  const overrun = Math.max(0, captured - held);
  const refusal = overrun > 0 ? capRefusal(posting, { amount: overrun, caps }) : null;
  if (refusal) return refuse(refusal);
  const draws = joinByGrant([
    ...captureDraws(current, hold, Math.min(captured, held)),
    ...drawInBurnOrder(current, overrun),
  ]);
  const change = { id: holdId, action: 'captured', expiresAt: hold.expiresAt } as const;
  return decided(setFree(post(posting, { ...draft, type: 'usage', draws, hold: change })), command);
}

/** Ends a hold without spending: each slice goes back to its grant, and a slice past its expiry expires at once. */
export function releaseHold(head: Head, command: Command & { readonly holdId: string }): Decision {
  const { holdId, ...draft } = command;
  const posting = advance(head, command.now);
  const hold = posting.head.holds.find((open) => open.id === holdId);
  if (!hold) return refuse({ code: notOpen(head, holdId) });
  const draws = releaseDraws(posting.head, hold);
  const change = { id: holdId, action: 'released', expiresAt: hold.expiresAt } as const;
  return decided(
    setFree(post(posting, { ...draft, type: 'release', draws, hold: change })),
    command,
  );
}

/** Why a hold cannot end by hand: it ended before, or its time came while nobody looked. */
function notOpen(head: Head, holdId: string): 'HOLD_EXPIRED' | 'HOLD_NOT_OPEN' {
  return head.holds.some((open) => open.id === holdId) ? 'HOLD_EXPIRED' : 'HOLD_NOT_OPEN';
}

/** Spends the first `amount` credits of the slices, and sets all of them free. */
function captureDraws(head: Head, hold: Hold, amount: number): readonly Draw[] {
  const draws: Draw[] = [];
  let owed = amount;
  for (const slice of hold.slices) {
    const drawn = Math.min(slice.amount, owed);
    draws.push(drawOf(grantOf(head, slice.grantId), { amount: 0 - drawn, held: -slice.amount }));
    owed -= drawn;
  }
  return draws;
}
