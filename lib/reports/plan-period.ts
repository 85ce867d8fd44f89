import type { RollupProgress } from '#lib/reports/rollup';
import { dayEnd, dayStart, earliest, hourEnd, hourStart } from '#lib/reports/utc-periods';

/** A part of a period, and what tells about it: a closed day, a closed hour, or the entries themselves. */
export interface Piece {
  readonly kind: 'day' | 'hour' | 'live';
  readonly from: string;
  /** Excluded. */
  readonly to: string;
}

/**
 * Splits a period into as few pieces as possible: whole closed days, whole closed hours at its borders, and entries
 * only where it cuts through an hour or reaches into what is not rolled up yet. A live piece lies within one day.
 */
export function planPeriod(
  period: { readonly from: string; readonly to: string },
  { closedTo, rolledTo }: Pick<RollupProgress, 'closedTo' | 'rolledTo'>,
): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let from = period.from; from < period.to;) {
    const piece = pieceAt(from, period.to, { closedTo, rolledTo });
    pieces.push(piece);
    from = piece.to;
  }
  return pieces;
}

function pieceAt(
  from: string,
  end: string,
  { closedTo, rolledTo }: Pick<RollupProgress, 'closedTo' | 'rolledTo'>,
): Piece {
  const day = dayEnd(from);
  if (from === dayStart(from) && day <= end && day <= closedTo)
    return { kind: 'day', from, to: day };
  const hour = hourEnd(from);
  if (from === hourStart(from) && hour <= end && hour <= rolledTo) {
    return { kind: 'hour', from, to: hour };
  }
  return { kind: 'live', from, to: from < rolledTo ? earliest(hour, end) : earliest(day, end) };
}
