import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { knownDifferences } from '#tests/contract/dynamodb/known-differences';
import { openDataDirectory } from '#tests/support/stack';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

const data = openDataDirectory();
afterAll(() => expect(data.close()).toBeGreaterThan(0));

test('the four transcripts in the README are what npm run demo prints', async () => {
  const demo = ['infra/local/demo.ts', '--data-dir', data.path];
  const { stdout } = await promisify(execFile)(process.execPath, demo);
  const [users = '', operators = '', backends = '', plans = ''] = stdout.split(/^What .+ do.*:$/m);
  expect(masked(transcript('demo'))).toBe(masked(users.trim()));
  expect(masked(transcript('operators'))).toBe(masked(operators.trim()));
  expect(masked(transcript('backends'))).toBe(masked(backends.trim()));
  expect(masked(transcript('subscriptions'))).toBe(masked(plans.trim()));
});

function transcript(name: string): string {
  const [, rest = ''] = readme.split(`<!-- ${name} -->\n\`\`\`text\n`);
  return rest.split(`\`\`\`\n<!-- /${name} -->`)[0]?.trim() ?? '';
}

test('the README lists every known difference of the local table engine', () => {
  for (const difference of Object.values(knownDifferences)) expect(readme).toContain(difference);
});

/** Ids, ports and times are new in every run. */
function masked(text: string): string {
  return text
    .replace(/(cs_test_|pur_|txn_|order_|pay_|job_|app_|hld_)\w{10,}/g, '$1...')
    .replace(/[0-9a-f]{64}/g, 'signature')
    .replace(/localhost:\d+/g, 'localhost:3000')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
    .replace(/\d{1,2} \w+ \d{4} at \d\d:\d\d UTC/g, 'time');
}
