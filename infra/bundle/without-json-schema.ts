import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import { invariant } from '#lib/invariant';

/**
 * Leaves out zod's generator of JSON schemas (20 KiB), which every schema refers to and no function calls: the API's
 * description is made when the service is built. Whoever calls it in a function after all gets an error that says so.
 */
export const withoutJsonSchema: Plugin = {
  name: 'without-json-schema',
  setup(build) {
    build.onLoad({ filter: GENERATOR }, async ({ path }) => {
      const names = exportedNames(await readFile(path, 'utf8'));
      invariant(names.length > 0, `${path} exports something`);
      return { contents: refusing(names) };
    });
  },
};

const GENERATOR = /[\\/]zod[\\/]v4[\\/]core[\\/](json-schema-processors|to-json-schema)\.js$/;

/** The same exports, so that a name this misses fails the build. */
function refusing(names: readonly string[]): string {
  return [
    `const refuse = () => { throw new Error('JSON schemas are made when the service is built'); };`,
    // Methods are created when a schema is looked at, and only called by who wants a JSON schema.
    `const create = () => refuse;`,
    ...names.map((name) => {
      const value = name.startsWith('create') ? 'create' : 'refuse';
      return `export { ${value} as ${name} };`;
    }),
  ].join('\n');
}

function exportedNames(source: string): string[] {
  const declared = source.matchAll(/^export (?:const|function) (\w+)/gm);
  const listed = source.matchAll(/^export \{ \w+ as (\w+) \}/gm);
  return [...declared, ...listed].flatMap(([, name]) => (name === undefined ? [] : [name]));
}
