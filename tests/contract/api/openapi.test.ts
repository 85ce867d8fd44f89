import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { errorTable } from '#lib/contract/errors';
import { openapiDocument } from '#lib/contract/openapi';
import { errorsOf, route } from '#lib/contract/route';
import { allRoutes, routes } from '#lib/contract/routes';

// The rules of OpenAPI 3.1 that a document can break, written down as far as ours uses them.
const parameter = z.strictObject({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean(),
  description: z.string().optional(),
  schema: z.looseObject({}),
});
const content = z.record(
  z.enum([
    'application/json',
    'application/problem+json',
    'text/html',
    'text/csv',
    'application/jsonl',
  ]),
  z.strictObject({ schema: z.looseObject({}) }),
);
const partialContent = z.partialRecord(content.keyType, content.valueType);
const headers = z.record(z.string(), z.strictObject({ schema: z.looseObject({}) }));
const operation = z.strictObject({
  operationId: z.string(),
  summary: z.string().min(1),
  tags: z.array(z.string()),
  security: z.array(z.record(z.string(), z.array(z.never()))),
  parameters: z.array(parameter),
  requestBody: z.strictObject({ required: z.boolean(), content: partialContent }).optional(),
  responses: z.record(
    z.string().regex(/^[2-5]\d\d$/),
    z.strictObject({
      description: z.string().min(1),
      headers: headers.optional(),
      content: partialContent.optional(),
    }),
  ),
  'x-scope': z.string().optional(),
  'x-permission': z.string().optional(),
});
const document = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d$/),
  info: z.strictObject({ title: z.string(), version: z.string(), description: z.string() }),
  servers: z.array(z.strictObject({ url: z.string() })),
  paths: z.record(
    z.string().startsWith('/'),
    z.partialRecord(z.enum(['get', 'post', 'put', 'patch', 'delete']), operation),
  ),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^[A-Za-z0-9._-]+$/), z.looseObject({})),
    securitySchemes: z.record(z.string(), z.looseObject({ type: z.literal('http') })),
  }),
});

const built = openapiDocument(allRoutes, { version: '1.2.3' });
const parsed = document.parse(built);
const operationOf = (each: (typeof allRoutes)[number]) =>
  operation.parse(
    z.record(z.string(), z.unknown()).parse(parsed.paths[each.path])[each.method.toLowerCase()],
  );

test('every route is there once, under its name', () => {
  expect(allRoutes.map((each) => operationOf(each).operationId)).toEqual(
    allRoutes.map(({ name }) => name),
  );
  expect(Object.values(parsed.paths).flatMap((path) => Object.keys(path))).toHaveLength(
    allRoutes.length,
  );
});

test('every reference leads to a component, and every component is used', () => {
  const text = JSON.stringify(built);
  const names = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref));
  const known = Object.keys(parsed.components.schemas).map(
    (name) => `#/components/schemas/${name}`,
  );
  expect([...names].toSorted()).toEqual(known.toSorted());
});

test.each(allRoutes)(
  '$name: path parameters, security and answers are those of the route',
  (each) => {
    const described = operationOf(each);
    const ofPath = described.parameters.filter((found) => found.in === 'path');
    const inPath = [...each.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(ofPath.map(({ name }) => name)).toEqual(inPath);
    expect(ofPath.every(({ required }) => required)).toBe(true);
    expect(described.security.length === 0).toBe(each.access.kind === 'public');
    const statuses = [
      ...Object.keys(each.answers),
      ...(each.conditional ? ['304'] : []),
      ...errorsOf(each).map((code) => String(errorTable[code].status)),
    ];
    expect(Object.keys(described.responses).toSorted()).toEqual([...new Set(statuses)].toSorted());
    for (const code of errorsOf(each)) {
      expect(described.responses[errorTable[code].status]?.description).toContain(code);
    }
    const takesKey = described.parameters.some(({ name }) => name === 'Idempotency-Key');
    expect(takesKey).toBe(each.idempotent);
  },
);

test('bodies of requests refuse unknown fields, and defaults are not required', () => {
  const body = operationOf(routes.addCredits).requestBody?.content['application/json']?.schema;
  expect(body).toMatchObject({ additionalProperties: false, required: ['amount', 'description'] });
});

test('numbers of a query are numbers to a client, with their bounds', () => {
  const { parameters } = operationOf(routes.listHistory);
  expect(parameters.find(({ name }) => name === 'limit')?.schema).toEqual({
    type: 'integer',
    minimum: 1,
    maximum: 100,
  });
});

describe('adding a route', () => {
  test('is one declaration, and all of it is described', () => {
    const added = route({
      name: 'redeemCode',
      method: 'POST',
      path: '/credits/redeem',
      function: 'wallet',
      access: { kind: 'user', permission: 'credits.redeem' },
      summary: 'Redeems a promotional code',
      body: z.strictObject({ code: z.string() }),
      idempotent: true,
      answers: { 201: z.strictObject({ success: z.literal(true) }) },
      errors: ['RATE_LIMITED'],
    });
    const described = document.parse(openapiDocument([added], { version: '1' }));
    const found = described.paths['/credits/redeem']?.post;
    expect(Object.keys(found?.responses ?? {})).toEqual(
      expect.arrayContaining(['201', '400', '401', '403', '413', '415', '422', '429', '500']),
    );
    expect(found?.responses['429']?.headers).toHaveProperty('Retry-After');
  });
});

test('nothing that runs in a function imports the generator', () => {
  const importers = ['lib', 'functions']
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
    )
    .filter((path) => path.endsWith('.ts'))
    .filter((path) => readFileSync(path, 'utf8').includes('#lib/contract/openapi'));
  expect(importers).toEqual([]);
});
