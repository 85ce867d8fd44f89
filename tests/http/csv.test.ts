import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { csvText } from '#lib/http/csv';

const cells = [
  '=HYPERLINK("http://evil.example","pay")',
  '+1',
  '-1+2',
  '@SUM(A1)',
  '\t=1',
  ' =1',
  '\r=1',
  '\uff1d1',
  'O"Brien, "Bob"',
  'two\nlines',
  '\u{1f600}',
  "'quoted",
  '',
];

test.each(cells)(
  '%j comes back from a parser, and no spreadsheet takes it for a formula',
  (cell) => {
    const [, row] = parse(csvText(['name', 'credits'], [[cell, -5]]));
    const [text, credits] = row ?? [];
    expect([cell, `'${cell}`]).toContain(text);
    expect(text).not.toMatch(/^\s*[=+\-@\uff1d]/u);
    expect(credits).toBe('-5');
  },
);

test('no rows are a header line', () => {
  expect(csvText(['a', 'b'], [])).toBe('a,b\r\n');
});
