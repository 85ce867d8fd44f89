import type { Draw } from '#lib/ledger/entry';
import { isExpired } from '#lib/ledger/burn-order';
import { invariant } from '#lib/invariant';

/** Credits that an entry took out of one grant, as a positive amount. */
export interface Slice {
  readonly draw: Draw;
  readonly amount: number;
}

/** What an entry's draws took, in the order in which it took them. */
export function slicesTaken(draws: readonly Draw[]): readonly Slice[] {
  return draws.filter((draw) => draw.amount < 0).map((draw) => ({ draw, amount: -draw.amount }));
}

/**
 * The part of a list of slices that lies `from` to `from + amount` credits from its end. What was taken last comes
 * back first, so repeated partial refunds walk through the same slices without ever naming one twice.
 */
export function lastTaken<T extends { readonly amount: number }>(
  slices: readonly T[],
  window: { readonly from: number; readonly amount: number },
): readonly (T & { readonly amount: number })[] {
  const parts: (T & { readonly amount: number })[] = [];
  let position = 0;
  for (const slice of slices.toReversed()) {
    const start = Math.max(position, window.from);
    const end = Math.min(position + slice.amount, window.from + window.amount);
    if (end > start) parts.push({ ...slice, amount: end - start });
    position += slice.amount;
  }
  invariant(position >= window.from + window.amount, 'no more comes back than was taken');
  return parts;
}

/** The slices without the `amount` credits at their end, in the order in which they were taken. */
export function withoutLastTaken<T extends { readonly amount: number }>(
  slices: readonly T[],
  amount: number,
): readonly T[] {
  const all = slices.reduce((sum, slice) => sum + slice.amount, 0);
  return lastTaken(slices, { from: amount, amount: all - amount }).toReversed();
}

/**
 * Draws that put slices back into the grants they came from. A grant that has expired since would swallow them at
 * once, so its slice becomes a grant of its own that lasts until `graceExpiresAt` (DESIGN 3.5).
 */
export function giveBackDraws(
  slices: readonly Slice[],
  context: {
    readonly now: string;
    readonly graceExpiresAt: string;
    readonly newGrantId: (part: number) => string;
  },
): readonly Draw[] {
  const draws = new Map<string, Draw>();
  slices.forEach(({ draw, amount }, part) => {
    const expired = isExpired(draw, context.now);
    const grantId = expired ? context.newGrantId(part) : draw.grantId;
    draws.set(grantId, {
      ...draw,
      grantId,
      amount: amount + (draws.get(grantId)?.amount ?? 0),
      held: 0,
      expiresAt: expired ? context.graceExpiresAt : draw.expiresAt,
    });
  });
  return [...draws.values()];
}
