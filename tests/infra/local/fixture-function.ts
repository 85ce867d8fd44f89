import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll } from 'vitest';

import type { FunctionModel } from '#infra/local/template/model';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own for one test, removed after the tests of its file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'credit-ledger-'));
  folders.push(folder);
  return folder;
}

/**
 * A function with a real bundle: `source` is the module's text, ES module syntax, bundled to
 * CommonJS as the product's own are. It may import packages of this project.
 */
export function fixtureFunction(
  source: string,
  given: Partial<Omit<FunctionModel, 'directory'>> = {},
): FunctionModel {
  const name = given.name ?? 'fixture';
  const directory = join(temporaryFolder(), name);
  writeBundle(directory, source);
  return {
    environment: {},
    handler: 'handler',
    memoryMb: 256,
    timeoutMs: 5_000,
    ...given,
    name,
    directory,
  };
}

/** Bundles the text of a module into `index.js` of that folder. */
export function writeBundle(directory: string, source: string): void {
  mkdirSync(directory, { recursive: true });
  const { outputFiles } = buildSync({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    format: 'cjs',
    mainFields: ['module', 'main'],
    platform: 'node',
    target: 'node24',
    write: false,
  });
  for (const file of outputFiles) writeFileSync(join(directory, 'index.js'), file.contents);
}
