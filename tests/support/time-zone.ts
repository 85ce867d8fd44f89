import { expect, onTestFinished } from 'vitest';

/** Lets a test run where clocks are changed, until it ends: what follows local time shows itself. */
export function inTimeZone(zone: string): void {
  const before = process.env['TZ'];
  process.env['TZ'] = zone;
  onTestFinished(() => {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  });
  expect(new Date('2026-07-01T12:00:00Z').getHours()).not.toBe(12);
}
