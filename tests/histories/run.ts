import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { checkHistory } from '#tests/histories/judge/check-history';
import { playHistory } from '#tests/histories/play-history';

/*
 * `npm run test:histories -- --seeds 200 --ops 2000`: the long programme. Seeds are shared among processes; each seed is
 * played on a table of its own and judged. Ends with 1 when any is not clean, and prints how to play it again.
 */

const PROBLEMS_SHOWN = 5;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    ops: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(Math.max(1, availableParallelism())) },
    // Of one process: every so many seeds, up to the last.
    step: { type: 'string' },
    last: { type: 'string' },
  },
});
const [seeds, operations, from, workers] = [
  values.seeds,
  values.ops,
  values.from,
  values.workers,
].map(Number);
if (!seeds || !operations || from === undefined || !workers) {
  throw new Error('--seeds, --ops, --from and --workers are numbers');
}

const isWorker = values.step !== undefined;
process.exit(isWorker ? await playSeeds(from, Number(values.step)) : await share());

async function share(): Promise<number> {
  console.log(`${seeds} seeds from ${from}, ${operations} operations each, ${workers} processes`);
  const start = performance.now();
  const codes = await Promise.all(
    Array.from({ length: workers ?? 1 }, (_, worker) => {
      const last = (from ?? 0) + (seeds ?? 0) - 1;
      const args = { ops: operations, from: (from ?? 0) + worker, step: workers, last };
      const child = fork(
        import.meta.filename,
        Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)]),
      );
      return new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
    }),
  );
  const minutes = ((performance.now() - start) / 60_000).toFixed(1);
  const isClean = codes.every((code) => code === 0);
  console.log(`${isClean ? 'all clean' : 'NOT CLEAN'} after ${minutes} minutes`);
  return isClean ? 0 : 1;
}

async function playSeeds(first: number, step: number): Promise<number> {
  let failed = 0;
  for (let seed = first; seed <= Number(values.last); seed += step) failed += await playSeed(seed);
  return failed === 0 ? 0 : 1;
}

async function playSeed(seed: number): Promise<0 | 1> {
  const start = performance.now();
  const { faults, history, unproven } = await playHistory(seed, operations ?? 0);
  const problems = [...checkHistory(history), ...unproven];
  const befell = [...faults.values()].reduce((sum, times) => sum + times, 0);
  const seconds = (performance.now() - start) / 1_000;
  console.log(
    `seed ${seed}: ${history.attempts.length} attempts, ${history.entries.length} entries, ` +
      `${befell} faults, ${problems.length} problems, ${seconds.toFixed(1)} s`,
  );
  if (problems.length === 0) return 0;
  for (const { code, detail } of problems.slice(0, PROBLEMS_SHOWN))
    console.log(`  ${code} ${detail}`);
  console.log(`  again: npm run test:histories -- --from ${seed} --seeds 1 --ops ${operations}`);
  return 1;
}
