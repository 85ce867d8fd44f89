import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { functionNames } from '#infra/functions';

/** A folder with one empty function per row of the table, so that a template can be looked at without a build. */
export function placeholderBundles(): string {
  const folder = mkdtempSync(join(tmpdir(), 'placeholder-bundles-'));
  for (const name of functionNames()) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.js'), `exports.handler = async () => '${name}';\n`);
  }
  return folder;
}
