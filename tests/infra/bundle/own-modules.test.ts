import { expect, test } from 'vitest';
import * as z from 'zod';
import { later } from '#infra/bundle/later';
import { forFunctions } from '#infra/bundle/own-modules';

const PURE = '/* @__PURE__ */ (() => (';
const LATER = '/* @__PURE__ */ $later(() => ';
const WITH_LATER = `import { later as $later } from '#infra/bundle/later';\n`;

test.each([
  {
    guarantee: 'a route keeps what a function asks it',
    source: `export const routes = { a: route({ name: 'a', summary: 'A', answers: { 200: z.int() }, body: z.int(), errors: [] }) };`,
    becomes: `${WITH_LATER}export const routes = ${PURE}{ a: route({ name: 'a', ...{}, ...{}, body: ${LATER}z.int()), ...{} }) }))();`,
  },
  {
    guarantee: 'an object that is no route keeps everything',
    source: `export const problem = { summary: 'A', answers: 1, errors: [] };`,
    becomes: `export const problem = { summary: 'A', answers: 1, errors: [] };`,
  },
  {
    guarantee: 'a schema keeps what it checks and loses what it says, at every depth',
    source: `const s = z.object({ a: z.int().meta({ id: 'A' }).min(1) }).meta({ description: f(1) });`,
    becomes: `${WITH_LATER}const s = ${LATER}z.object({ a: z.int().min(1) }));`,
  },
  {
    guarantee: 'a schema is made later, and its parts with it',
    source: `const all = { one: { schema: z.union([z.int(), z.iso.date()]), initial: 1 } };`,
    becomes: `${WITH_LATER}const all = ${PURE}{ one: { schema: ${LATER}z.union([z.int(), z.iso.date()])), initial: 1 } }))();`,
  },
  {
    guarantee: 'what a schema has parsed is no schema',
    source: `const n = z.int().parse(text);`,
    becomes: `${WITH_LATER}const n = ${PURE}${LATER}z.int()).parse(text)))();`,
  },
  {
    guarantee: 'a function is no call, and what it does when called stays',
    source: `export const f = () => { log.info(z.int()); };`,
    becomes: `export const f = () => { log.info(z.int()); };`,
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

test('a schema that is made later parses, refuses and composes as if it were there from the start', () => {
  let made = 0;
  const amount = later(() => {
    made += 1;
    return z.int().min(1);
  });
  const body = later(() => z.strictObject({ amount, more: amount.optional() }));
  expect(made).toBe(0);

  expect(body.parse({ amount: 5 })).toEqual({ amount: 5 });
  expect(body.safeParse({ amount: 0 }).error?.issues).toMatchObject([{ path: ['amount'] }]);
  expect(body.extend({ note: z.string() }).safeParse({ amount: 1 }).success).toBe(false);
  expect(z.array(amount).parse([1, 2])).toEqual([1, 2]);
  expect(amount).toBeInstanceOf(z.ZodType);
  expect(made).toBe(1);
});
