import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QUOTA_PERIODS } from '#lib/contract/subscriptions';
import { monthAt } from '#lib/subscriptions/months';
import {
  costOf,
  counterAt,
  countUses,
  type QuotaCounter,
  quotaStates,
} from '#lib/subscriptions/quota';
import type { Feature, Quota, QuotaPeriod } from '#lib/subscriptions/tiers';
import { inTimeZone } from '#tests/support/time-zone';

const FEATURE: Feature = {
  feature: 'enrichment',
  credit_type: 'enrichment',
  cost: 2,
  overage_cost: 5,
  quotas: [],
};
const at = (stored: QuotaCounter | null, now: string, anchor: string | null = null) =>
  counterAt(stored, 'enrichment', { now, anchor });
const atMost = (limit: number | null, period: QuotaPeriod, overage = false): Quota => ({
  period,
  limit,
  overage,
});

/** Counts uses that must have room. */
function used(counter: QuotaCounter, quantity: number): QuotaCounter {
  const uses = countUses(counter, [], quantity);
  if (!uses.ok) throw new Error(uses.refusal.code);
  return uses.counter;
}

describe('the month of a quota', () => {
  test.each([
    ['an ordinary year', '2027-01-31', ['2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31']],
    ['a leap year', '2028-01-31', ['2028-02-29', '2028-03-31', '2028-04-30', '2028-05-31']],
    ['a 30th', '2027-01-30', ['2027-02-28', '2027-03-30', '2027-04-30', '2027-05-30']],
  ])('of %s that began on %s ends on the last day of shorter months', (_, day, ends) => {
    const anchor = `${day}T10:00:00.000Z`;
    let counter = at(null, anchor, anchor);
    for (const end of ends) {
      const instant = `${end}T10:00:00.000Z`;
      expect(counter.month.endsAt).toBe(instant);
      counter = used(counter, 3);
      expect(at(counter, instantBefore(instant), anchor).month.used).toBe(3);
      counter = at(counter, instant, anchor);
      expect(counter.month.used).toBe(0);
    }
  });

  test('is that of the calendar, in UTC, where there is no subscription or none has begun', () => {
    for (const anchor of [null, '2027-06-01T00:00:00.000Z']) {
      expect(at(null, '2027-02-14T23:30:00.000Z', anchor).month.endsAt).toBe(
        '2027-03-01T00:00:00.000Z',
      );
    }
    expect(at(null, '2027-12-31T23:59:59.999Z').month.endsAt).toBe('2028-01-01T00:00:00.000Z');
  });

  test('runs to its end where the subscription begins anew within it: nobody gets a fresh one', () => {
    const free = used(at(null, '2027-03-10T00:00:00.000Z', '2027-03-05T00:00:00.000Z'), 80);
    const upgraded = '2027-03-20T12:00:00.000Z';
    const kept = at(free, upgraded, upgraded);
    expect(kept.month).toEqual({ endsAt: '2027-04-05T00:00:00.000Z', used: 80 });
    expect(at(kept, '2027-04-05T00:00:00.000Z', upgraded).month).toEqual({
      endsAt: '2027-04-20T12:00:00.000Z',
      used: 0,
    });
  });
});

test.each([
  ['2026-03-29', 'Europe/Berlin'],
  ['2026-10-25', 'Europe/Berlin'],
  ['2026-11-01', 'America/New_York'],
])('on %s in %s, when clocks are changed, a day has 24 hours and each hour one', (date, zone) => {
  inTimeZone(zone);
  let counter = at(null, `${date}T00:00:00.000Z`);
  const nextDay = new Date(Date.parse(date) + 86_400_000).toISOString();
  for (let hour = 0; hour < 24; hour += 1) {
    const now = new Date(Date.parse(date) + hour * 3_600_000).toISOString();
    counter = at(counter, now);
    expect(counter.hour).toEqual({ endsAt: hourAfter(now), used: 0 });
    expect(counter.day).toEqual({ endsAt: nextDay, used: hour });
    counter = used(counter, 1);
  }
  expect(at(counter, nextDay).day.used).toBe(0);
});

test('a clock that is behind changes nothing: what ended has ended', () => {
  const counter = used(at(null, '2026-03-01T13:00:00.000Z'), 4);
  expect(at(counter, '2026-03-01T12:59:59.000Z')).toEqual(counter);
});

describe('uses beyond a quota', () => {
  const month = atMost(10, 'month', true);

  test.each([
    ['within it', 0, 10, 0, 20],
    ['across it', 8, 5, 3, 2 * 2 + 3 * 5],
    ['after it', 12, 2, 2, 10],
  ])('%s cost what the tier says', (_, before, quantity, beyond, credits) => {
    const counter = used(at(null, '2026-03-01T12:00:00.000Z'), before);
    const uses = countUses(counter, [month], quantity);
    expect(uses).toMatchObject({ ok: true, beyond });
    expect(costOf(FEATURE, { quantity, beyond })).toBe(credits);
  });

  test('are refused by another quota that allows none, with what it says', () => {
    const counter = used(at(null, '2026-03-01T12:30:00.000Z'), 12);
    const hour = atMost(12, 'hour');
    expect(countUses(counter, [month, hour, atMost(12, 'day')], 1)).toEqual({
      ok: false,
      refusal: {
        code: 'QUOTA_EXCEEDED',
        feature: 'enrichment',
        period: 'day',
        limit: 12,
        used: 12,
        resetsAt: '2026-03-02T00:00:00.000Z',
      },
    });
    expect(countUses(counter, [month, hour], 1)).toMatchObject({ refusal: { period: 'hour' } });
  });
});

test('the tightest quota comes first: what refuses, then what costs more, then what is free', () => {
  const counter = used(at(null, '2026-03-01T12:30:00.000Z'), 3);
  const order = (quotas: readonly Quota[]) =>
    quotaStates(counter, quotas).map(({ period, remaining }) => [period, remaining]);
  expect(order([atMost(null, 'month'), atMost(4, 'day', true), atMost(9, 'hour')])).toEqual([
    ['hour', 6],
    ['day', 1],
    ['month', null],
  ]);
  expect(order([atMost(3, 'hour'), atMost(2, 'day'), atMost(50, 'month')])).toEqual([
    ['day', 0],
    ['hour', 0],
    ['month', 47],
  ]);
});

describe('any uses under any quotas', () => {
  const ANCHOR = '2027-01-31T10:00:00.000Z';
  const quota = (period: QuotaPeriod) =>
    fc.option(
      fc.record({
        period: fc.constant(period),
        limit: fc.option(fc.nat({ max: 12 }), { freq: 5 }),
        overage: fc.boolean(),
      }),
    );
  const quotasOf = fc
    .tuple(...QUOTA_PERIODS.map(quota))
    .map((rows) => rows.filter((row) => row !== null));
  const step = fc.record({
    minutes: fc.constantFrom(0, 0, 7, 45, 60, 60 * 11, 60 * 24, 60 * 24 * 28),
    quantity: fc.integer({ min: 1, max: 4 }),
    quotas: fc.option(quotasOf, { freq: 8 }),
  });

  test('count as a list of all of them does, whatever the tier limits and when it changes', () => {
    const run = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
    fc.assert(
      fc.property(quotasOf, fc.array(step, { maxLength: 60, size: 'max' }), (start, steps) => {
        const done: { readonly at: string; readonly quantity: number }[] = [];
        let quotas = start;
        let now = ANCHOR;
        let counter: QuotaCounter | null = null;
        for (const { minutes, quantity, quotas: changed } of steps) {
          quotas = changed ?? quotas;
          now = new Date(Date.parse(now) + minutes * 60_000).toISOString();
          const usedIn = (period: QuotaPeriod) =>
            done
              .filter((use) => windowOf(period, use.at) === windowOf(period, now))
              .reduce((sum, use) => sum + use.quantity, 0);
          const open: QuotaCounter = at(counter, now, ANCHOR);
          for (const period of QUOTA_PERIODS) expect(open[period].used).toBe(usedIn(period));
          const room = ({ limit, period }: Quota) => (limit ?? Infinity) - usedIn(period);
          const uses = countUses(open, quotas, quantity);
          expect(uses.ok).toBe(quotas.every((each) => each.overage || room(each) >= quantity));
          if (!uses.ok) continue;
          // Use by use: each is beyond where any quota had no room left for it.
          const beyond = Array.from({ length: quantity }, (_, n) => n).filter((n) =>
            quotas.some((each) => room(each) <= n),
          );
          expect(uses.beyond).toBe(beyond.length);
          done.push({ at: now, quantity });
          ({ counter } = uses);
        }
      }),
      run,
    );
  });

  function windowOf(period: QuotaPeriod, instant: string): string {
    switch (period) {
      case 'hour':
        return instant.slice(0, 13);
      case 'day':
        return instant.slice(0, 10);
      case 'month':
        return monthAt(ANCHOR, instant).start;
    }
  }
});

function instantBefore(instant: string): string {
  return new Date(Date.parse(instant) - 1).toISOString();
}

function hourAfter(instant: string): string {
  return new Date(Date.parse(instant) + 3_600_000).toISOString();
}
