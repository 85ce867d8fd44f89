import { describe, expect, test } from 'vitest';
import { addMonths, monthAt } from '#lib/subscriptions/months';

describe('a month of a subscription', () => {
  test.each([
    // 2027 is an ordinary year, 2028 a leap year.
    ['2027-01-31T10:15:00.000Z', 1, '2027-02-28T10:15:00.000Z'],
    ['2027-01-31T10:15:00.000Z', 2, '2027-03-31T10:15:00.000Z'],
    ['2027-01-31T10:15:00.000Z', 3, '2027-04-30T10:15:00.000Z'],
    ['2027-01-31T10:15:00.000Z', 13, '2028-02-29T10:15:00.000Z'],
    ['2027-01-30T10:15:00.000Z', 1, '2027-02-28T10:15:00.000Z'],
    ['2027-01-29T10:15:00.000Z', 13, '2028-02-29T10:15:00.000Z'],
    ['2028-02-29T23:59:59.999Z', 12, '2029-02-28T23:59:59.999Z'],
    ['2027-12-31T00:00:00.000Z', 2, '2028-02-29T00:00:00.000Z'],
  ])('that began on %s ends its number %i on %s', (anchor, count, end) => {
    expect(addMonths(anchor, count)).toBe(end);
  });

  test('follows the one before without gap or overlap, for every anchor and instant', () => {
    for (const day of ['28', '29', '30', '31']) {
      const anchor = `2027-01-${day}T22:30:00.000Z`;
      let expected = anchor;
      for (let count = 0; count < 50; count += 1) {
        const first = monthAt(anchor, expected);
        expect(first.start).toBe(expected);
        expect(monthAt(anchor, before(first.end))).toEqual(first);
        expected = first.end;
      }
    }
  });

  test('begins at its anchor, and not before', () => {
    expect(() => monthAt('2027-01-31T00:00:00.000Z', '2027-01-30T00:00:00.000Z')).toThrow(/anchor/);
  });
});

function before(instant: string): string {
  return new Date(Date.parse(instant) - 1).toISOString();
}
