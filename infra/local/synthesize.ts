import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { LocalStackError } from '#infra/local/local-stack-error';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
const OUTPUT = join(projectRoot, '.build/local');
/** What the templates and the bundles are made of; the local stack itself is no part of it. */
const INPUTS = ['functions', 'lib', 'infra', 'package-lock.json'];
const NOT_INPUTS = join(projectRoot, 'infra/local');
/** A stack that runs still loads its bundles, so those before the newest stay for a while. */
const KEPT_MAX = 4;

/**
 * Makes the templates of the stage `local` with the bundles they name, in a folder that is only ever
 * whole: unchanged sources give the folder of the last time. Throws LocalStackError with what the
 * build said when it fails.
 */
export async function synthesize(log: (line: string) => void): Promise<string> {
  const directory = join(OUTPUT, digestInputs());
  const templates = join(directory, 'cdk.out');
  if (existsSync(directory)) {
    const now = new Date();
    utimesSync(directory, now, now);
    return templates;
  }
  log('Building the functions and the templates ...');
  mkdirSync(OUTPUT, { recursive: true });
  await runBuild(directory);
  removeOld();
  return templates;
}

function digestInputs(): string {
  const digest = createHash('sha256');
  for (const file of INPUTS.flatMap((input) => filesUnder(join(projectRoot, input))).sort()) {
    digest.update(file).update('\0').update(readFileSync(file)).update('\0');
  }
  return digest.digest('hex').slice(0, 16);
}

function filesUnder(path: string): readonly string[] {
  if (path === NOT_INPUTS) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesUnder(join(path, name)));
}

/** In a process of its own: the CDK's memory is gone when it is done. */
async function runBuild(directory: string): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), directory], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const code = await new Promise<number | null>((done) => child.once('close', done));
  if (code !== 0) throw new LocalStackError(`The functions or templates cannot be built:\n${said}`);
}

async function build(directory: string): Promise<void> {
  const { buildFunctions } = await import('#infra/bundle/build-functions');
  // esbuild is a process of its own: loading the CDK meanwhile saves a second of the start.
  const [functions, { buildApp }] = await Promise.all([buildFunctions(), import('#infra/app')]);
  const draft = `${directory}.${process.pid}`;
  const bundles = join(draft, 'functions');
  for (const { directory: built, name } of functions) {
    cpSync(built, join(bundles, name), { recursive: true });
  }
  const outdir = join(draft, 'cdk.out');
  buildApp({ stage: 'local', outdir, bundles }).synth();
  // The templates name the bundles by absolute paths, and the draft is about to move.
  for (const name of readdirSync(outdir).filter((file) => file.endsWith('.template.json'))) {
    const file = join(outdir, name);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(draft, directory));
  }
  // Another start may have been faster with the same sources.
  if (existsSync(directory)) rmSync(draft, { recursive: true });
  else renameSync(draft, directory);
}

function removeOld(): void {
  const folders = readdirSync(OUTPUT)
    .map((name) => ({ path: join(OUTPUT, name), at: statSync(join(OUTPUT, name)).mtimeMs }))
    .toSorted((a, b) => b.at - a.at);
  for (const { path } of folders.slice(KEPT_MAX)) rmSync(path, { recursive: true, force: true });
}

if (import.meta.main) {
  const [, , directory] = process.argv;
  if (directory === undefined) throw new TypeError('The folder to write is missing.');
  try {
    await build(directory);
  } catch (error) {
    // The stack of the bundler says nothing about what is wrong with the sources.
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
