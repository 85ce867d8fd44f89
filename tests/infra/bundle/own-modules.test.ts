import { expect, test } from 'vitest';
import { forFunctions } from '#infra/bundle/without-description';

const PURE = '/* @__PURE__ */ (() => (';

test.each([
  {
    guarantee: 'a route keeps what a function asks it',
    source: `export const routes = { a: route({ name: 'a', summary: 'A', answers: { 200: z.int() }, body: z.int(), errors: [] }) };`,
    becomes: `export const routes = ${PURE}{ a: route({ name: 'a', ...{}, ...{}, body: z.int(), ...{} }) }))();`,
  },
  {
    guarantee: 'an object that is no route keeps everything',
    source: `export const problem = { summary: 'A', answers: 1, errors: [] };`,
    becomes: `export const problem = { summary: 'A', answers: 1, errors: [] };`,
  },
  {
    guarantee: 'a schema keeps what it checks and loses what it says, at every depth',
    source: `const s = z.object({ a: z.int().meta({ id: 'A' }).min(1) }).meta({ description: f(1) });`,
    becomes: `const s = ${PURE}z.object({ a: z.int().min(1) })))();`,
  },
  {
    guarantee: 'a function is no call, and what it does when called stays',
    source: `export const f = () => { log.info('x'); };`,
    becomes: `export const f = () => { log.info('x'); };`,
  },
  {
    guarantee: 'what a module does by itself stays',
    source: `register(z.int());`,
    becomes: `register(z.int());`,
  },
])('$guarantee', ({ source, becomes }) => {
  expect(forFunctions('lib/contract/example.ts', source)).toBe(becomes);
});

test('outside the contract a description may be read', () => {
  const source = `const s = z.int().meta({ id: 'A' });`;
  expect(forFunctions('lib/store/example.ts', source)).toContain(`.meta({ id: 'A' })`);
});
