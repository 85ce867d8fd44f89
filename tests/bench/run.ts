import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { drawChart } from '#tests/bench/chart';
import { compareCold, compareWarm } from '#tests/bench/comparisons';
import { type Contention, measureContention, type Way } from '#tests/bench/contention';
import { countCosts, countVariant } from '#tests/bench/costs';
import { type Grown, measureGrowth } from '#tests/bench/growth';
import { describe, type Results } from '#tests/bench/report';
import { measureRowLock } from '#tests/bench/row-lock';
import { DESIGNS, highestRate } from '#tests/bench/simulate-wallet';
import { type Bed, openBed } from '#tests/bench/variants';
import { temporaryFolder } from '#tests/support/temporary-folder';

/*
 * `npm run bench`: everything side by side in one run of some minutes, written into the README and the chart beside
 * this file. `--quick` shows it after a minute and writes nothing; `--growth` fills the table with a million entries.
 */

const quick = process.argv.includes('--quick');
const growth = process.argv.includes('--growth');
// A million entries with their index and stream records.
process.env['TMPDIR'] = temporaryFolder(growth ? 12 : 1);

const WRITERS = quick ? [1, 8] : [1, 2, 4, 8, 16, 32, 64];
const SIZES = growth ? [10, 10_000, 1_000_000] : quick ? [10, 1_000] : [10, 1_000, 10_000];
const WARM = quick ? { rounds: 3, warmUp: 50, calls: 100 } : { rounds: 7, warmUp: 200, calls: 250 };
const COLD_ROUNDS = quick ? 5 : 15;
/** Spends of each point of the contention curve, divided among its writers. */
const SPENDS = quick ? 64 : 256;
const SEED = 7;
/** Units may differ by so much between ten entries and all: a page may end within a larger entry (DESIGN 11). */
const GROWTH_MAX = 1.05;
/** DESIGN 11. On a busy machine medians scatter by a tenth; what is a quarter off is wrong on any. */
const COLD_TIMES_MAX = 2.3;
const WARM_TIMES_MAX = 2.4;
const LOOSE = 1.25;

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const bed = await openBed();
try {
  const results = await measure(bed);
  const text = describe(results);
  process.stdout.write(`${text}\n`);
  if (!quick) write(results, text);
  const problems = problemsOf(results);
  for (const problem of problems) say(`PROBLEM: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
} finally {
  await bed.close();
}

async function measure(opened: Bed): Promise<Results> {
  say('counting round trips and units ...');
  const costs = [
    ...(await countCosts(opened)),
    await countVariant(opened, 'idempotency-wrapper', 'spend of an idempotency wrapper'),
    await countVariant(opened, 'bare-sdk', 'bare SDK transaction of two puts'),
    await countVariant(opened, 'hand-signed', 'hand-signed handler, blind decrement'),
  ];
  say('cold starts ...');
  const cold = await compareCold(opened, COLD_ROUNDS);
  const warm = [];
  for (const operation of ['spend', 'balance', 'history', 'fulfill'] as const) {
    say(`warm calls: ${operation} ...`);
    warm.push(await compareWarm(opened, operation, WARM));
  }
  const contention: Record<Way, Contention[]> = { single: [], batch: [] };
  for (const way of ['single', 'batch'] as const) {
    for (const writers of WRITERS) {
      say(`one wallet, ${way}, ${writers} writers ...`);
      const requests = way === 'single' ? SPENDS : SPENDS / 4;
      const requestsEach = Math.max(1, Math.round(requests / writers));
      contention[way].push(await measureContention(opened.store, { way, writers, requestsEach }));
    }
  }
  say('a row lock in PostgreSQL ...');
  const rowLock = await measureRowLock(WRITERS, SPENDS);
  const grown: Grown[] = [];
  for await (const at of measureGrowth(opened.store, SIZES)) {
    say(`grown to ${at.entries} entries`);
    grown.push(at);
  }
  say('simulating DynamoDB ...');
  return {
    at: new Date().toISOString(),
    machine: `${cpus().length} cores of ${process.arch}, Node ${process.versions.node}`,
    rounds: { warm: WARM.rounds, cold: COLD_ROUNDS, calls: WARM.calls },
    costs,
    warm,
    cold,
    grown,
    ...contention,
    rowLock,
    simulated: Object.values(DESIGNS).map((design) => ({
      name: design.name,
      highest: highestRate(design, SEED),
    })),
  };
}

/** What no run may show, however busy the machine is. */
function problemsOf({ cold, warm, grown }: Results): readonly string[] {
  const problems: string[] = [];
  const first = grown[0];
  for (const at of grown) {
    for (const operation of ['spend', 'balance', 'history'] as const) {
      for (const kind of ['calls', 'read', 'write'] as const) {
        const before = first?.[operation][kind] ?? 0;
        if (at[operation][kind] <= before * GROWTH_MAX) continue;
        problems.push(`${operation} at ${at.entries} entries: ${kind} grew from ${before}`);
      }
    }
  }
  const start = cold.find(({ variant }) => variant === 'service')?.times.median ?? Infinity;
  if (start > COLD_TIMES_MAX * LOOSE)
    problems.push(`a cold start takes ${start.toFixed(1)} times the floor`);
  const spend = warm.find(({ operation }) => operation === 'spend')?.times['bare-sdk'];
  if ((spend?.median ?? Infinity) > WARM_TIMES_MAX * LOOSE)
    problems.push('a warm spend is too slow');
  return problems;
}

/** Into the README between its markers, and the chart beside this file. */
function write({ single, batch, rowLock }: Results, text: string): void {
  const readme = join(import.meta.dirname, '../../README.md');
  const [begin, end] = ['<!-- bench: begin -->', '<!-- bench: end -->'];
  const before = readFileSync(readme, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from === -1 || to < from) throw new Error('the README has its markers');
  writeFileSync(
    readme,
    `${before.slice(0, from + begin.length)}\n\n${text}\n\n${before.slice(to)}`,
  );
  const points = (
    measured: readonly { readonly writers: number }[],
    of: (index: number) => number,
  ) => measured.map(({ writers }, index) => ({ x: writers, y: of(index) }));
  const lines = (of: (at: Pick<Contention, 'spendsPerSecond' | 'p99Ms'> | undefined) => number) => [
    { name: 'spend by spend', points: points(single, (index) => of(single[index])) },
    { name: 'batches of 40', points: points(batch, (index) => of(batch[index])) },
    ...(rowLock === null
      ? []
      : [
          { name: 'row lock (PostgreSQL)', points: points(rowLock, (index) => of(rowLock[index])) },
        ]),
  ];
  const chart = drawChart([
    {
      title: 'Spends per second from one wallet',
      unit: 'by writers at once',
      lines: lines((at) => at?.spendsPerSecond ?? NaN),
    },
    {
      title: 'Slowest of a hundred requests (p99)',
      unit: 'milliseconds, by writers at once',
      lines: lines((at) => at?.p99Ms ?? NaN),
    },
  ]);
  writeFileSync(join(import.meta.dirname, 'results.svg'), chart);
}
