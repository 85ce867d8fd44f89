import { problem } from '#lib/contract/problem';
import type { RateLimit } from '#lib/contract/rate-limits';
import type { Route } from '#lib/contract/route';
import type { Log } from '#lib/http/log';
import type { Caller } from '#lib/identity/caller';
import { invariant } from '#lib/invariant';
import { type Allowance, bucketMs } from '#lib/limits/token-bucket';
import type { RateLimitStore } from '#lib/ports';

/**
 * Takes a token for a request that has been understood and is about to be run; a request that does not parse costs
 * none, because it can try nothing. Answers the headers that every answer then carries.
 *
 * When the buckets cannot be asked, a write is refused with 503: a limiter that opens when it breaks would be the way
 * to guess codes, and the command needs the same table anyway. A read goes on: it changes nothing, and an outage of
 * the limiter is no reason to hide from people what is theirs.
 */
export async function takeToken(
  route: Route,
  limit: RateLimit,
  asked: {
    readonly caller: Caller;
    readonly now: string;
    readonly store: RateLimitStore | undefined;
    readonly log: Log;
  },
): Promise<RateLimitHeaders> {
  const { caller, now, store, log } = asked;
  invariant(store, 'a function with limited routes can count requests');
  invariant(caller.sub !== '', 'a limited route knows its caller');
  const principal = { kind: caller.kind, id: caller.sub };
  let allowance: Allowance;
  try {
    allowance = await store.take({ principal, limit, now });
  } catch (error) {
    log.error('requests could not be counted', { route: route.name, error });
    if (route.method === 'GET') return { headers: {}, refusal: null };
    return { headers: {}, refusal: problem('RATE_LIMIT_UNAVAILABLE', {}) };
  }
  const retryAfter = Math.ceil(allowance.retryInMs / 1_000);
  return {
    headers: headersOf(limit, allowance),
    refusal: allowance.admitted ? null : problem('RATE_LIMITED', { retry_after: retryAfter }),
  };
}

export interface RateLimitHeaders {
  readonly headers: Readonly<Record<string, string>>;
  /** Why the request may not run, or null. */
  readonly refusal: ReturnType<typeof problem> | null;
}

/**
 * As the IETF draft has them (draft-ietf-httpapi-ratelimit-headers-10): the policy's quota and window, what remains
 * and the seconds until all of it is back.
 */
function headersOf(limit: RateLimit, allowance: Allowance): Readonly<Record<string, string>> {
  const window = Math.ceil(bucketMs(limit) / 1_000);
  const fullIn = Math.ceil(allowance.fullInMs / 1_000);
  return {
    'ratelimit-policy': `"${limit.bucket}";q=${limit.capacity};w=${window}`,
    ratelimit: `"${limit.bucket}";r=${allowance.remaining};t=${fullIn}`,
  };
}
