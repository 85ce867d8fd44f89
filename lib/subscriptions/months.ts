import { invariant } from '#lib/invariant';

/** A month of a subscription: from its start to its end, which is excluded. ISO 8601 UTC with milliseconds. */
export interface Month {
  readonly start: string;
  readonly end: string;
}

/** An instant so many months on, at its own time of day: what the month is too short for becomes its last day. */
export function addMonths(anchor: string, count: number): string {
  const from = new Date(anchor);
  const year = from.getUTCFullYear();
  const month = from.getUTCMonth() + count;
  // Day 0 of a month is the last of the one before.
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const to = new Date(from);
  to.setUTCDate(1);
  to.setUTCFullYear(year, month, Math.min(from.getUTCDate(), lastDay));
  return to.toISOString();
}

/**
 * The month of an anchor that an instant lies in. Each is counted from the anchor itself, so that a 31st comes back to
 * the 31st after a February, and months neither overlap nor leave a gap.
 */
export function monthAt(anchor: string, instant: string): Month {
  invariant(anchor <= instant, 'months begin with their anchor');
  const [from, to] = [new Date(anchor), new Date(instant)];
  const apart =
    (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  const count = addMonths(anchor, apart) <= instant ? apart : apart - 1;
  return { start: addMonths(anchor, count), end: addMonths(anchor, count + 1) };
}
