import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorTable } from '#lib/contract/errors';

/* Every code is a promise to whoever reads it: some test names it as a client would meet it. */
test('every code of the table of errors occurs in a test', () => {
  const tests = readdirSync('tests', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join('tests', file), 'utf8'))
    .join('\n');
  const codes = Object.keys(errorTable);
  expect(codes.length).toBeGreaterThan(70);
  expect(codes.filter((code) => !new RegExp(`\\b${code}\\b`).test(tests))).toEqual([]);
});
