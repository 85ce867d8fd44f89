import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { buildFunctions, type FunctionBundle } from '#infra/bundle/build-functions';
import { allRoutes } from '#lib/contract/routes';
import { functionNames } from '#infra/functions';

const metafileSchema = z.object({
  outputs: z.record(
    z.string(),
    z.object({
      bytes: z.number(),
      inputs: z.record(z.string(), z.object({ bytesInOutput: z.number() })),
      imports: z.array(z.object({ path: z.string(), external: z.boolean().optional() })),
    }),
  ),
});

let bundles: readonly FunctionBundle[] = [];
beforeAll(async () => {
  bundles = await buildFunctions();
});

test('every function of the table is bundled', () => {
  expect(bundles.map(({ name }) => name).sort()).toEqual(functionNames().toSorted());
});

// A cold start costs what is loaded. DESIGN 11 allows 400 KiB for wallet and service; below 400 these say what they
// keep to, for a new route to raise by what it needs.
test.each([
  ['wallet', 345],
  ['service', 385],
  ['webhooks-stripe', 64 + 420],
  ['webhooks-razorpay', 64 + 420],
  ['purchases', 700],
  ['subscriptions', 650],
])('%s loads at most %i KiB', (name, kibibytes) => {
  const size = bundles.find((bundle) => bundle.name === name)?.bytes ?? Infinity;
  expect(size / 1024).toBeLessThanOrEqual(kibibytes);
});

describe('no provider SDK loads where none is called', () => {
  test.each([
    'wallet',
    'service',
    'webhooks-stripe',
    'webhooks-razorpay',
    'stream',
    'notifications',
    'admin',
    'applications',
    'registration',
  ])('%s', (name) => {
    const sdks = inputsOf(name).filter((path) =>
      /node_modules\/(stripe|razorpay|axios)\//.test(path),
    );
    expect(sdks).toEqual([]);
  });
});

test.each(functionNames())('%s speaks one language, not every locale of zod', (name) => {
  const locales = inputsOf(name).filter((path) => /zod\/v4\/locales\/(?!en\.)/.test(path));
  expect(locales).toEqual([]);
});

test.each(functionNames())(
  '%s parses requests, and leaves describing the API to the build',
  (name) => {
    const code = readFileSync(join('.build/functions', name, 'index.js'), 'utf8');
    const described = allRoutes.filter(({ summary }) => code.includes(summary));
    expect(described.map((route) => route.name)).toEqual([]);
    expect(inputsOf(name)).not.toContain('lib/contract/openapi.ts');
  },
);

test.each(functionNames())('%s takes credentials from the environment and nowhere else', (name) => {
  const providers = inputsOf(name).filter((path) =>
    /@aws-sdk\/credential-provider-(?!env\/)|@aws-sdk\/(token-providers|nested-clients)\//.test(
      path,
    ),
  );
  expect(providers).toEqual([]);
});

test('nothing but builtins of Node is left to be found at run time', () => {
  for (const name of functionNames()) {
    const left = outputOf(name).imports.filter(({ path }) => !isBuiltin(path));
    expect(left, name).toEqual([]);
  }
});

/** The files of which something is in the bundle. */
function inputsOf(name: string): string[] {
  const inputs = Object.entries(outputOf(name).inputs);
  expect(inputs.length).toBeGreaterThan(0);
  return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
}

function outputOf(name: string) {
  const file = join('.build/meta', `${name}.json`);
  const { outputs } = metafileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const output = Object.values(outputs)[0];
  if (output === undefined) throw new Error(`${file} describes no bundle`);
  return output;
}
