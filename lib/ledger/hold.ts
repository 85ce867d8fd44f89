import { advance, expireGrants, releaseDraws } from '#lib/ledger/advance';
import { type Command, type Decision, decided, post, refuse } from '#lib/ledger/decision';
import { drawInBurnOrder, drawOf, joinByGrant } from '#lib/ledger/draws';
import type { Draw } from '#lib/ledger/entry';
import { HOLDS_MAX } from '#lib/ledger/limits';
import { insufficient } from '#lib/ledger/spend';
import { availableOf, type Grant, type Head, type Hold } from '#lib/ledger/wallet';

/** Sets credits aside, in burn order, until they are captured or released or `expiresAt` comes. */
export function placeHold(
  head: Head,
  command: Command & {
    readonly holdId: string;
    readonly amount: number;
    readonly expiresAt: string;
  },
): Decision {
  const { holdId, amount, expiresAt, ...draft } = command;
  if (expiresAt <= command.now) return refuse({ code: 'ALREADY_EXPIRED' });
  const posting = advance(head, command.now);
  const { holds } = posting.head;
  if (holds.some((open) => open.id === holdId)) return refuse({ code: 'HOLD_EXISTS' });
  const refusal = insufficient(posting.head, amount);
  if (refusal) return refuse(refusal);
  if (holds.length >= HOLDS_MAX) return refuse({ code: 'TOO_MANY_HOLDS', limit: HOLDS_MAX });
  const draws = drawInBurnOrder(posting.head, amount).map((draw) => ({
    ...draw,
    amount: 0,
    held: -draw.amount,
  }));
  const hold = { id: holdId, action: 'placed', expiresAt } as const;
  return decided(post(posting, { ...draft, type: 'hold', draws, hold }, command.now), command);
}

/**
 * Spends a hold, once. Less than was held sets the rest free; more takes the overrun from what is available, or is
 * refused with both numbers and leaves the hold open.
 */
export function captureHold(
  head: Head,
  command: Command & { readonly holdId: string; readonly amount?: number },
): Decision {
  const { holdId, amount, ...draft } = command;
  const found = openHold(head, command);
  if ('refusal' in found) return refuse(found.refusal);
  const { hold } = found;
  const posting = advance(head, command.now);
  const current = posting.head;
  const held = hold.slices.reduce((sum, slice) => sum + slice.amount, 0);
  const captured = amount ?? held;
  const available = availableOf(current) + held;
  if (captured > available) {
    const shortfall = captured - available;
    return refuse({ code: 'INSUFFICIENT_CREDITS', required: captured, available, shortfall });
  }
  const draws = joinByGrant([
    ...captureDraws(current, hold, Math.min(captured, held)),
    ...drawInBurnOrder(current, Math.max(0, captured - held)),
  ]);
  const change = { id: holdId, action: 'captured', expiresAt: hold.expiresAt } as const;
  const spent = post(posting, { ...draft, type: 'usage', draws, hold: change }, command.now);
  return decided(expireGrants(spent, command.now), command);
}

/** Ends a hold without spending: each slice goes back to its grant, and a slice past its expiry expires at once. */
export function releaseHold(head: Head, command: Command & { readonly holdId: string }): Decision {
  const { holdId, ...draft } = command;
  const found = openHold(head, command);
  if ('refusal' in found) return refuse(found.refusal);
  const { hold } = found;
  const posting = advance(head, command.now);
  const draws = releaseDraws(posting.head, hold);
  const change = { id: holdId, action: 'released', expiresAt: hold.expiresAt } as const;
  const released = post(posting, { ...draft, type: 'release', draws, hold: change }, command.now);
  return decided(expireGrants(released, command.now), command);
}

/** The hold, if it can still be ended by hand at this instant. */
function openHold(
  head: Head,
  command: { readonly holdId: string; readonly now: string },
):
  | { readonly hold: Hold }
  | { readonly refusal: { readonly code: 'HOLD_NOT_OPEN' | 'HOLD_EXPIRED' } } {
  const hold = head.holds.find((open) => open.id === command.holdId);
  if (!hold) return { refusal: { code: 'HOLD_NOT_OPEN' } };
  if (hold.expiresAt <= command.now) return { refusal: { code: 'HOLD_EXPIRED' } };
  return { hold };
}

/** Spends the first `amount` credits of the slices, and sets all of them free. */
function captureDraws(head: Head, hold: Hold, amount: number): readonly Draw[] {
  const draws: Draw[] = [];
  let owed = amount;
  for (const slice of hold.slices) {
    const grant: Grant | undefined = head.grants.find((open) => open.id === slice.grantId);
    if (!grant) continue;
    const drawn = Math.min(slice.amount, owed);
    draws.push(drawOf(grant, { amount: 0 - drawn, held: -slice.amount }));
    owed -= drawn;
  }
  return draws;
}
