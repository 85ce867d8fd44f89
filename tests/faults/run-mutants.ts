import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { type Mutant, mutants } from '#tests/faults/mutants';

/*
 * `npm run test:mutants`: plants each bug in a copy of the project, runs the suite that has to notice, and prints which
 * test did. A bug that no test notices fails the run; so does a suite that could not even start with it. Before that all
 * these suites run in a copy without a bug: one that is red anyway notices nothing, and nothing is planted then.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['functions', 'lib', 'infra', 'tests', 'package.json', 'package-lock.json'];
const MORE = ['tsconfig.json', 'cdk.json', 'esbuild.config.mjs', 'README.md', '.build'];
const AT_ONCE = 2;
const TIMEOUT_MS = 10 * 60_000;

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      /** The file. */
      name: z.string(),
      /** `failed` also where a hook failed, or the file could not be read. */
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

type SuiteResult = z.output<typeof reportSchema>['testResults'][number];

type Verdict =
  | { readonly kind: 'caught'; readonly by: string }
  | { readonly kind: 'survived' | 'did not start' };

/** `npm run test:mutants -- WORD` plants only those whose names contain it. */
const wanted = process.argv[2] ?? '';
const planted = mutants.filter(({ name }) => name.includes(wanted));
let reports = 0;
const verdicts = new Map<Mutant, Verdict>();
const startedAt = performance.now();
const red = await control();
if (red.length === 0) {
  await atOnce(planted, async (mutant) => {
    const verdict = await inCopy((copy) => {
      plant(copy, mutant);
      return judge(copy, mutant);
    });
    verdicts.set(mutant, verdict);
    console.error(`${verdict.kind}: ${mutant.name}`);
  });
  print();
} else {
  console.error('Nothing was planted, because these are red without any bug:');
  for (const line of red) console.error(line);
  process.exitCode = 1;
}

/** Whatever is red though no bug is planted: the suites of all mutants, each with its filter, once. */
async function control(): Promise<readonly string[]> {
  const found: string[] = [];
  await inCopy((copy) =>
    atOnce([...Map.groupBy(planted, ({ only }) => only)], async ([only, of]) => {
      const suites = [...new Set(of.map(({ suite }) => suite))];
      const files = await runSuites(copy, { suites, only });
      const greens = files.filter(isGreen).map(({ name }) => relative(copy, name));
      const reds = suites.filter((suite) => !greens.includes(suite));
      console.error(`control: ${suites.length - reds.length} of ${suites.length} suites are green`);
      found.push(...reds.map((suite) => `${suite}: ${whyRed(copy, files, suite)}`));
    }),
  );
  return found;
}

function isGreen({ assertionResults, status }: SuiteResult): boolean {
  return status === 'passed' && assertionResults.some((test) => test.status === 'passed');
}

function whyRed(copy: string, files: readonly SuiteResult[], suite: string): string {
  const file = files.find(({ name }) => relative(copy, name) === suite);
  const failed = file?.assertionResults.find(({ status }) => status === 'failed');
  return failed?.fullName ?? (file?.message || 'no test of it ran');
}

/** In a copy of the project, which is removed again. */
async function inCopy<R>(run: (copy: string) => Promise<R>): Promise<R> {
  const copy = mkdtempSync(join(tmpdir(), 'mutant-'));
  try {
    for (const name of [...COPIED, ...MORE]) {
      if (existsSync(join(root, name)))
        cpSync(join(root, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    return await run(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Some at a time: two cores are busy with two suites. */
async function atOnce<Item>(
  items: readonly Item[],
  run: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of waiting) await run(item);
    }),
  );
}

function plant(copy: string, { file, find, name, replace }: Mutant): void {
  const path = join(copy, file);
  const [before, after, ...others] = readFileSync(path, 'utf8').split(find);
  if (before === undefined || after === undefined || others.length > 0) {
    throw new Error(`"${name}" cannot be planted: ${file} does not hold its text exactly once`);
  }
  writeFileSync(path, before + replace + after);
}

async function judge(copy: string, { only, suite }: Mutant): Promise<Verdict> {
  const files = await runSuites(copy, { suites: [suite], only });
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.find(({ status }) => status === 'failed');
  if (failed) return { kind: 'caught', by: failed.fullName };
  return {
    kind: tests.some(({ status }) => status === 'passed') ? 'survived' : 'did not start',
  };
}

/** What Vitest reports of each file; nothing where it could not start. */
async function runSuites(
  copy: string,
  { only, suites }: { readonly suites: readonly string[]; readonly only: string | undefined },
): Promise<readonly SuiteResult[]> {
  reports += 1;
  const output = join(copy, `report-${reports}.json`);
  const child = spawn(
    process.execPath,
    [
      join(copy, 'node_modules/vitest/vitest.mjs'),
      ...['run', '--config', 'tests/vitest.config.ts', '--reporter=json'],
      ...['--outputFile', output, ...suites, ...(only === undefined ? [] : ['-t', only])],
    ],
    {
      cwd: copy,
      stdio: 'ignore',
      timeout: TIMEOUT_MS,
      env: { ...process.env, FAULTS: 'all' },
    },
  );
  await new Promise((resolve) => child.once('close', resolve));
  if (!existsSync(output)) return [];
  return reportSchema.parse(JSON.parse(readFileSync(output, 'utf8'))).testResults;
}

function print(): void {
  const rows = planted.map((mutant) => {
    const verdict = verdicts.get(mutant) ?? { kind: 'did not start' };
    const by = verdict.kind === 'caught' ? `${mutant.suite}: ${verdict.by}` : verdict.kind;
    return {
      bug: mutant.name,
      promise: mutant.promise,
      by,
      isCaught: verdict.kind === 'caught',
    };
  });
  const widthOf = (of: 'bug' | 'promise'): number => Math.max(...rows.map((row) => row[of].length));
  const [bugs, promises] = [widthOf('bug'), widthOf('promise')];
  for (const { bug, by, promise } of rows) {
    console.log(`${bug.padEnd(bugs)}  ${promise.padEnd(promises)}  ${by}`);
  }
  const caught = rows.filter(({ isCaught }) => isCaught).length;
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  console.log(`${caught} of ${rows.length} planted bugs caught in ${minutes} minutes`);
  process.exitCode = caught === rows.length && rows.length > 0 ? 0 : 1;
}
