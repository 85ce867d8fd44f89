import type { RateLimit } from '#lib/contract/rate-limits';

/**
 * A token bucket as one number: the instant at which it will be full again. Taking a token moves that instant by the
 * time one token needs; as long as it lies no further ahead than the whole bucket needs, there was a token to take.
 * This is the generic cell rate algorithm (ITU-T I.371, annex A): one number is enough for one conditional write, and
 * takers who only ever add to it cannot overwrite each other.
 */

/** What a caller is told about a bucket after asking for a token. */
export interface Allowance {
  readonly admitted: boolean;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Milliseconds until the next token; 0 when there is one. */
  readonly retryInMs: number;
  /** Milliseconds until the bucket is full. */
  readonly fullInMs: number;
}

/** How long one token takes to come back. */
export function tokenMs(limit: RateLimit): number {
  return Math.ceil(60_000 / limit.perMinute);
}

/** How long an empty bucket takes to fill. */
export function bucketMs(limit: RateLimit): number {
  return limit.capacity * tokenMs(limit);
}

/** The latest `fullAtMs` at which a token can still be taken at `nowMs`. */
export function lastChanceMs(limit: RateLimit, nowMs: number): number {
  return nowMs + bucketMs(limit) - tokenMs(limit);
}

/** Whether a bucket that will be full at `fullAtMs` gives a token at `nowMs`. */
export function hasToken(limit: RateLimit, fullAtMs: number, nowMs: number): boolean {
  return fullAtMs <= lastChanceMs(limit, nowMs);
}

/** When the bucket will be full after a token was taken from it at `nowMs`. */
export function afterTaking(limit: RateLimit, fullAtMs: number, nowMs: number): number {
  return Math.max(fullAtMs, nowMs) + tokenMs(limit);
}

/** How a bucket stands, for the one who has asked: `fullAtMs` is what is stored now. */
export function allowanceOf(
  limit: RateLimit,
  state: { readonly fullAtMs: number; readonly nowMs: number; readonly admitted: boolean },
): Allowance {
  const { fullAtMs, nowMs, admitted } = state;
  const fullInMs = Math.max(0, fullAtMs - nowMs);
  const free = bucketMs(limit) - fullInMs;
  return {
    admitted,
    remaining: Math.max(0, Math.floor(free / tokenMs(limit))),
    retryInMs: Math.max(0, fullAtMs - lastChanceMs(limit, nowMs)),
    fullInMs,
  };
}
