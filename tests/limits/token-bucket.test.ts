import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rateLimits } from '#lib/contract/rate-limits';
import { afterTaking, allowanceOf, bucketMs, hasToken, tokenMs } from '#lib/limits/token-bucket';

const limit = { bucket: 'test', capacity: 5, perMinute: 7 };

test('whenever requests come, none in a row of any length gets more than the capacity and what came back', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, (waits) => {
      let nowMs = 1_000_000;
      let fullAtMs = 0;
      const admitted: number[] = [];
      for (const wait of waits) {
        nowMs += wait;
        if (!hasToken(limit, fullAtMs, nowMs)) continue;
        fullAtMs = afterTaking(limit, fullAtMs, nowMs);
        admitted.push(nowMs);
      }
      for (const [first, from] of admitted.entries()) {
        for (const [last, to] of admitted.entries()) {
          if (last < first) continue;
          const allowed = limit.capacity + Math.floor((to - from) / tokenMs(limit));
          expect(last - first + 1).toBeLessThanOrEqual(allowed);
        }
      }
    }),
  );
});

test('a bucket says truly how much is left and when there is more', () => {
  fc.assert(
    fc.property(fc.nat(2 * bucketMs(limit)), (aheadMs) => {
      const nowMs = 5_000_000;
      const fullAtMs = nowMs + aheadMs - bucketMs(limit);
      const told = allowanceOf(limit, { fullAtMs, nowMs, admitted: true });
      expect(told.remaining > 0).toBe(hasToken(limit, fullAtMs, nowMs));
      expect(hasToken(limit, fullAtMs, nowMs + told.retryInMs)).toBe(true);
      if (told.retryInMs > 0) {
        expect(hasToken(limit, fullAtMs, nowMs + told.retryInMs - 1)).toBe(false);
      }
      expect(
        allowanceOf(limit, { fullAtMs, nowMs: nowMs + told.fullInMs, admitted: true }),
      ).toEqual({ admitted: true, remaining: limit.capacity, retryInMs: 0, fullInMs: 0 });
    }),
  );
});

test('each bucket is named as it is called', () => {
  expect(Object.values(rateLimits).map(({ bucket }) => bucket)).toEqual(Object.keys(rateLimits));
});
