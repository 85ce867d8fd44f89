import { invariant } from '#lib/invariant';

/** The ledger's bounds (DESIGN 3.1, 3.9). Every list, amount and item of a wallet stays below one of them. */

/** Credits of a single command. */
export const AMOUNT_MAX = 1_000_000_000;

/** Credits of a wallet: far below 2^53, so that no sum of a wallet's totals ever loses a unit. */
export const BALANCE_MAX = 1_000_000_000_000;

/**
 * Open grants in a head: they are one item, read and written by every spend. Beyond them there is one place for what
 * was bought: money that has arrived must not wait for somebody to use up what was given away.
 */
export const GRANTS_MAX = 40;

/** Open holds in a head. */
export const HOLDS_MAX = 20;

/** Metadata of an entry, in bytes of its JSON. */
export const METADATA_BYTES_MAX = 512;

/** A count of credits that no arithmetic has bent: no fraction, nothing past 2^53, and no -0. */
export function isWhole(credits: number): boolean {
  return Number.isSafeInteger(credits) && !Object.is(credits, -0);
}

/** Crashes the request before our own code moves anything but 1 to `max` whole credits: callers' amounts are parsed. */
export function checkAmount(amount: number, max = AMOUNT_MAX): void {
  invariant(isWhole(amount), 'credits are whole');
  invariant(1 <= amount && amount <= max, `a command moves 1 to ${max} credits`);
}
