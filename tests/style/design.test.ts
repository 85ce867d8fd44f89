import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const design = readFileSync('lib/DESIGN.md', 'utf8');

/** `3`, and `3.6` for the sixth rule of it. */
const places = new Set(
  design.split(/^## /m).flatMap((section) => {
    const [number = ''] = /^\d+/.exec(section) ?? [];
    const rules = [...section.matchAll(/^(\d+)\. /gm)].map(([, rule]) => `${number}.${rule}`);
    return [number, ...rules];
  }),
);

test('what comments cite of the design is there', () => {
  const files = globSync('{functions,infra,lib,tests}/**/*.ts');
  const cited = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bDESIGN (\d+(?:\.\d+)?)/g)].map(([, place]) => ({
      file,
      place,
    })),
  );
  expect(cited.length).toBeGreaterThan(100);
  expect(cited.filter(({ place }) => !places.has(place ?? ''))).toEqual([]);
});
