import { expect, test } from 'vitest';

import { compileSchedule } from '#infra/local/sources/schedule-expression';

/** A Friday. */
const AFTER = new Date('2026-11-20T13:00:00Z');

test.each([
  ['rate(1 minute)', 'UTC', '2026-11-20T13:01:00.000Z'],
  ['rate(5 minutes)', 'UTC', '2026-11-20T13:05:00.000Z'],
  ['rate(2 days)', 'UTC', '2026-11-22T13:00:00.000Z'],
  ['cron(15 3 * * ? *)', 'UTC', '2026-11-21T03:15:00.000Z'],
  ['cron(0 3 * * ? *)', 'Europe/Berlin', '2026-11-21T02:00:00.000Z'],
  ['cron(0/10 * * * ? *)', 'UTC', '2026-11-20T13:10:00.000Z'],
  // Sunday is 1 for AWS.
  ['cron(0 8 ? * 1 *)', 'UTC', '2026-11-22T08:00:00.000Z'],
  ['cron(0 8 ? * MON-FRI *)', 'UTC', '2026-11-23T08:00:00.000Z'],
  ['cron(0 8 ? * 2#1 *)', 'UTC', '2026-12-07T08:00:00.000Z'],
  ['cron(0 8 L * ? *)', 'UTC', '2026-11-30T08:00:00.000Z'],
  ['cron(0 8 1 1 ? 2028)', 'UTC', '2028-01-01T08:00:00.000Z'],
  ['at(2026-12-01T10:00:00)', 'UTC', '2026-12-01T10:00:00.000Z'],
])('%s in %s comes next at %s', (expression, timeZone, expected) => {
  expect(compileSchedule(expression, timeZone)(AFTER)?.toISOString()).toBe(expected);
});

test('a time that is over never comes', () => {
  expect(compileSchedule('at(2026-01-01T10:00:00)', 'UTC')(AFTER)).toBeUndefined();
});

test.each(['rate(0 minutes)', 'rate(5 weeks)', 'cron(* * * * *)', 'cron(99 * * * ? *)', 'daily'])(
  '%s stops the start',
  (expression) => {
    expect(() => compileSchedule(expression, 'UTC')).toThrow(expression);
  },
);
