import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { mutants } from '#tests/faults/mutants';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Whether each of them is noticed is what `npm run test:mutants` shows. */
describe('every planted bug can still be planted:', () => {
  it.each(mutants)('$name', ({ file, find, replace, suite }) => {
    const source = readFileSync(join(root, file), 'utf8');
    expect(source.split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
    expect(existsSync(join(root, suite))).toBe(true);
  });

  it('no two are the same', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });
});
