import type { ThrottleModel } from '#infra/local/template/model';

/** Takes one request, or says that it is one too many. */
export type Throttle = () => boolean;

/**
 * API Gateway's token bucket: `burst` requests at once, refilled at the rate. It counts on the
 * machine's clock, because a test that lets a day pass has not made its requests any slower.
 */
export function createThrottle(
  limits: ThrottleModel | undefined,
  nowMs: () => number = () => performance.now(),
): Throttle {
  if (limits === undefined) return () => true;
  let tokens = limits.burst;
  let filledAt = nowMs();
  return () => {
    const now = nowMs();
    tokens = Math.min(limits.burst, tokens + ((now - filledAt) / 1000) * limits.ratePerSecond);
    filledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
