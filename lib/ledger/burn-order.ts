import { CATEGORIES, type Grant, type GrantTerms } from '#lib/ledger/wallet';

/**
 * The total order in which grants burn (DESIGN 3.4): priority, soonest expiry, promotional before plan before paid,
 * oldest, and last the id, so that two runs over the same grants always draw alike. Spending, expiring and
 * previewing all use it.
 */
export function byBurnOrder(a: Grant, b: Grant): number {
  return (
    a.priority - b.priority ||
    compareText(a.expiresAt ?? NEVER, b.expiresAt ?? NEVER) ||
    CATEGORIES.indexOf(a.category) - CATEGORIES.indexOf(b.category) ||
    compareText(a.grantedAt, b.grantedAt) ||
    compareText(a.id, b.id)
  );
}

/** An expiry at this very instant has passed: the last moment of a grant is the one before. */
export function isExpired(terms: Pick<GrantTerms, 'expiresAt'>, now: string): boolean {
  return terms.expiresAt !== null && terms.expiresAt <= now;
}

/** The part of a grant that a spend may draw. */
export function freeOf(grant: Grant): number {
  return grant.remaining - grant.held;
}

// Sorts after every year that a four-digit ISO time can name.
const NEVER = '~';

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
