/** How often a provider is asked in one call: a second attempt carries the first one's key. */
export const ATTEMPTS_MAX = 2;
/** Between two attempts, and to read a key again that may have been exchanged. */
const PAUSES_MAX_MS = 1_000;

/**
 * How long one call to a provider takes at most, in milliseconds: callers add up what they ask below their function's
 * own timeout. `timeoutMs` is of one attempt.
 */
export function callMaxMs({ timeoutMs }: { readonly timeoutMs: number }): number {
  return ATTEMPTS_MAX * timeoutMs + PAUSES_MAX_MS;
}

/**
 * Makes a call within that time, whatever the provider does in it: a second round with an exchanged key, or an attempt
 * that ignores its own timeout, must not outlast the function. Nobody waits for what comes after; the call was made to
 * be repeatable.
 */
export async function withinCallTime<A>(
  account: { readonly timeoutMs: number },
  call: () => Promise<A>,
): Promise<A | { readonly kind: 'unknown'; readonly detail: string }> {
  const late = Promise.withResolvers<{ readonly kind: 'unknown'; readonly detail: string }>();
  const timer = setTimeout(() => {
    late.resolve({ kind: 'unknown', detail: 'no answer within the time of a call' });
  }, callMaxMs(account));
  try {
    return await Promise.race([call(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
