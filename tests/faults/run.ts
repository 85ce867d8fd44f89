import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLASSES } from '#tests/faults/faults';
import { readReports } from '#tests/faults/tally';

/*
 * `npm run test:faults`: the whole fault programme, and what came of it as a table; `npm run test:faults -- 20` takes
 * twenty cases of each scenario. What a class needs beside the sweep
 * stands in the suites of what it is about; they report here, too.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const SUITES = [
  'tests/faults',
  'tests/functions/fulfillment',
  'tests/purchases/payment-event-orders.test.ts',
  'tests/functions/purchases/provider-faults.test.ts',
];

const folder = mkdtempSync(join(tmpdir(), 'faults-'));
const startedAt = performance.now();
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--config', 'tests/vitest.config.ts', '--reporter=dot', ...SUITES],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, FAULTS: process.argv[2] ?? 'all', FAULTS_REPORT: folder },
  },
);
const tallies = readReports(folder);
rmSync(folder, { recursive: true });

const rows = Object.entries(CLASSES).map(([name, means]) => {
  const own = tallies.filter((tally) => tally.class === name);
  const sum = (of: 'cases' | 'breaks'): number => own.reduce((all, each) => all + each[of], 0);
  return { name, means, cases: sum('cases'), breaks: sum('breaks') };
});
const all = {
  name: 'all',
  means: '',
  cases: rows.reduce((sum, { cases }) => sum + cases, 0),
  breaks: rows.reduce((sum, { breaks }) => sum + breaks, 0),
};
const width = Math.max(...rows.map(({ means }) => means.length));
const line = (cells: readonly [string, string, string, string]): string => {
  const [name, means, cases, breaks] = cells;
  return `${name.padEnd(6)} ${means.padEnd(width)} ${cases.padStart(6)} ${breaks.padStart(7)}`;
};
console.log(line(['class', 'what happens', 'cases', 'breaks']));
for (const { breaks, cases, means, name } of [...rows, all]) {
  console.log(line([name, means, String(cases), String(breaks)]));
}
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
console.log(`${minutes} minutes`);
const isEmpty = rows.some(({ cases }) => cases === 0);
if (isEmpty) console.error('a class has no case');
process.exitCode = status !== 0 || all.breaks > 0 || isEmpty ? 1 : 0;
