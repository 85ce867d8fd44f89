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
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { type Mutant, mutants } from '#tests/faults/mutants';

/*
 * `npm run test:mutants`: plants each bug in a copy of the project, runs the suite that has to notice, and prints which
 * test did. A bug that no test notices fails the run; so does a suite that could not even start with it.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['functions', 'lib', 'infra', 'tests', 'package.json', 'package-lock.json'];
const MORE = ['tsconfig.json', 'cdk.json', 'esbuild.config.mjs', 'README.md', '.build'];
const AT_ONCE = 2;
const TIMEOUT_MS = 10 * 60_000;

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

type Verdict =
  | { readonly kind: 'caught'; readonly by: string }
  | { readonly kind: 'survived' | 'did not start' };

/** `npm run test:mutants -- WORD` plants only those whose names contain it. */
const wanted = process.argv[2] ?? '';
const planted = mutants.filter(({ name }) => name.includes(wanted));
const verdicts = new Map<Mutant, Verdict>();
const startedAt = performance.now();
const waiting = planted.values();
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (const mutant of waiting) {
      const verdict = await judge(mutant);
      verdicts.set(mutant, verdict);
      console.error(`${verdict.kind}: ${mutant.name}`);
    }
  }),
);
print();

async function judge(mutant: Mutant): Promise<Verdict> {
  const copy = mkdtempSync(join(tmpdir(), 'mutant-'));
  try {
    for (const name of [...COPIED, ...MORE]) {
      if (existsSync(join(root, name)))
        cpSync(join(root, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    plant(copy, mutant);
    return await runSuite(copy, mutant);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function plant(copy: string, { file, find, name, replace }: Mutant): void {
  const path = join(copy, file);
  const [before, after, ...others] = readFileSync(path, 'utf8').split(find);
  if (before === undefined || after === undefined || others.length > 0) {
    throw new Error(`"${name}" cannot be planted: ${file} does not hold its text exactly once`);
  }
  writeFileSync(path, before + replace + after);
}

async function runSuite(copy: string, { only, suite }: Mutant): Promise<Verdict> {
  const output = join(copy, 'report.json');
  const child = spawn(
    process.execPath,
    [
      join(copy, 'node_modules/vitest/vitest.mjs'),
      ...['run', '--config', 'tests/vitest.config.ts', '--reporter=json'],
      ...['--outputFile', output, suite, ...(only === undefined ? [] : ['-t', only])],
    ],
    {
      cwd: copy,
      stdio: 'ignore',
      timeout: TIMEOUT_MS,
      env: { ...process.env, FAULTS: 'all' },
    },
  );
  await new Promise((resolve) => child.once('close', resolve));
  if (!existsSync(output)) return { kind: 'did not start' };
  const report = reportSchema.parse(JSON.parse(readFileSync(output, 'utf8')));
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const red = tests.find(({ status }) => status === 'failed');
  if (red) return { kind: 'caught', by: red.fullName };
  return {
    kind: tests.some(({ status }) => status === 'passed') ? 'survived' : 'did not start',
  };
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
