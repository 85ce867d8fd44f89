import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

import { invariant } from '#lib/invariant';

const ENTRY = fileURLToPath(new URL('./worker.ts', import.meta.url));
let built: string | undefined;

/**
 * The program of every worker thread, as plain JavaScript. Left to itself each thread would load Node's compiler to
 * strip the types of the same three files, which is half of the CPU of a cold start on the local stack.
 */
export function workerCode(): string {
  built ??= build();
  return built;
}

function build(): string {
  const { outputFiles } = buildSync({
    entryPoints: [ENTRY],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    write: false,
    logLevel: 'warning',
  });
  const [file] = outputFiles;
  invariant(file !== undefined, 'one entry makes one file');
  return file.text;
}
