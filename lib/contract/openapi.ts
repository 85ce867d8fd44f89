import * as z from 'zod';
import { type ErrorCode, errorTable } from '#lib/contract/errors';
import { FILE_TYPES } from '#lib/contract/file-formats';
import { type Access, errorsOf, type Route } from '#lib/contract/route';
import { problemDocument } from '#lib/contract/wire';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = Readonly<Record<string, Json>>;

/**
 * The description of the API (OpenAPI 3.1), made of the routes alone. It is built when the service is, and no
 * function imports this file: the schema generator has no place in a cold start.
 */
export function openapiDocument(
  routes: readonly Route[],
  info: { readonly version: string; readonly url?: string },
): JsonObject {
  const components: Record<string, Json> = {};
  const paths: Record<string, Record<string, Json>> = {};
  const schemaOf = collectInto(components);
  for (const route of routes) {
    const operations = (paths[route.path] ??= {});
    operations[route.method.toLowerCase()] = operation(route, schemaOf);
  }
  schemaOf(problemDocument, 'output');
  return {
    openapi: '3.1.1',
    info: {
      title: 'Credit ledger',
      version: info.version,
      description:
        'Prepaid credits: bought, granted, spent, refunded and accounted for. Amounts are whole credits; money is ' +
        'in minor units with an ISO 4217 currency; times are ISO 8601 UTC. Errors are problem documents (RFC 9457).',
    },
    servers: [{ url: info.url ?? '/' }],
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        user: bearer('Cognito access token of the app’s client.'),
        service: bearer(
          'Client-credentials access token; `credits/write` includes `credits/read`.',
        ),
        admin: bearer('Cognito access token of the admin client.'),
      },
    },
  };
}

function bearer(description: string): JsonObject {
  return { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description };
}

type SchemaOf = (schema: z.ZodType, io: 'input' | 'output') => JsonObject;

/** JSON schemas whose named parts are collected as components, so that each shape is written once. */
function collectInto(components: Record<string, Json>): SchemaOf {
  return (schema, io) => {
    const generated = z.toJSONSchema(schema, {
      io,
      override: ({ jsonSchema }) => {
        const integer = queryIntegerSchema.safeParse(jsonSchema['queryInteger']);
        if (!integer.success) return;
        // A query string carries text, but what a client passes is a number.
        delete jsonSchema['queryInteger'];
        delete jsonSchema.pattern;
        jsonSchema.type = 'integer';
        jsonSchema.minimum = integer.data.min;
        jsonSchema.maximum = integer.data.max;
      },
    });
    const parsed = jsonObject.parse(JSON.parse(rewriteRefs(JSON.stringify(generated))));
    const { $defs, id } = parsed;
    const inline = without(parsed, ['$defs', '$schema', 'id']);
    for (const [name, definition] of Object.entries(jsonObject.parse($defs ?? {}))) {
      components[name] = without(jsonObject.parse(definition), ['id']);
    }
    if (typeof id !== 'string') return inline;
    components[id] = inline;
    return { $ref: `#/components/schemas/${id}` };
  };
}

const queryIntegerSchema = z.object({ min: z.number(), max: z.number() });
const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());

function rewriteRefs(json: string): string {
  return json.replaceAll('"#/$defs/', '"#/components/schemas/');
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

function operation(route: Route, schemaOf: SchemaOf): JsonObject {
  return {
    operationId: route.name,
    summary: route.summary,
    tags: [route.path.split('/')[1] ?? ''],
    security: security(route.access),
    parameters: [
      ...parametersOf(route.params, 'path', schemaOf),
      ...parametersOf(route.query, 'query', schemaOf),
      ...headerParameters(route),
    ],
    ...(route.hasBody && {
      requestBody: {
        required: !route.body.safeParse({}).success,
        content: {
          'application/json': { schema: schemaOf(route.body, 'input') },
          ...(route.upload && { 'text/csv': { schema: { type: 'string' } } }),
        },
      },
    }),
    responses: { ...successes(route, schemaOf), ...refusals(errorsOf(route)) },
    ...accessNote(route.access),
  };
}

function security(access: Access): Json {
  if (access.kind === 'public') return [];
  if (access.kind === 'service' && access.ownUser) return [{ service: [] }, { user: [] }];
  return [{ [access.kind]: [] }];
}

function accessNote(access: Access): JsonObject {
  if (access.kind === 'public') return {};
  if (access.kind === 'service') return { 'x-scope': access.scope };
  return { 'x-permission': access.permission };
}

const objectSchema = z.object({
  properties: z.record(z.string(), z.json()).default({}),
  required: z.array(z.string()).default([]),
});

function parametersOf(
  schema: z.ZodType,
  place: 'path' | 'query',
  schemaOf: SchemaOf,
): JsonObject[] {
  const { properties, required } = objectSchema.parse(schemaOf(schema, 'input'));
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

function headerParameters(route: Route): JsonObject[] {
  const key = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'The same key with the same request gets the first answer again, with `Idempotent-Replayed: true`.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[ -~]+$' },
  };
  const tag = {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    schema: { type: 'string' },
  };
  return [...(route.idempotent ? [key] : []), ...(route.conditional ? [tag] : [])];
}

function successes(route: Route, schemaOf: SchemaOf): JsonObject {
  const type = route.produces === 'html' ? 'text/html' : 'application/json';
  const headers = {
    ...(route.idempotent && {
      'Idempotent-Replayed': { schema: { type: 'string', const: 'true' } },
    }),
    ...(route.conditional && { ETag: { schema: { type: 'string' } } }),
    ...(route.limit && {
      RateLimit: { schema: { type: 'string' } },
      'RateLimit-Policy': { schema: { type: 'string' } },
    }),
  };
  const answers = Object.entries(route.answers).map(([status, schema]): [string, Json] => [
    status,
    {
      description: route.summary,
      headers,
      content: {
        ...(!(route.files?.only && status === '200') && {
          [type]: { schema: schemaOf(schema, 'output') },
        }),
        ...(status === '200' && filesOf(route)),
      },
    },
  ]);
  return {
    ...Object.fromEntries(answers),
    ...(route.conditional && { 304: { description: 'Not changed since the given ETag.' } }),
  };
}

/** A file is text to a client, whatever its lines are. */
function filesOf({ files }: Route): JsonObject {
  const types = (files?.formats ?? []).map((format) => FILE_TYPES[format].split(';')[0] ?? '');
  return Object.fromEntries(types.map((type) => [type, { schema: { type: 'string' } }]));
}

/** One response per status, which names its codes. */
function refusals(codes: readonly ErrorCode[]): JsonObject {
  const byStatus = Map.groupBy(codes, (code) => errorTable[code].status);
  const responses = [...byStatus].map(([status, ofStatus]): [string, Json] => {
    const waits = ofStatus.some((code) => errorTable[code].retryAfterSeconds !== undefined);
    return [
      String(status),
      {
        description: ofStatus.map((code) => `\`${code}\`: ${errorTable[code].title}.`).join(' '),
        ...(waits && { headers: { 'Retry-After': { schema: { type: 'integer' } } } }),
        content: {
          'application/problem+json': {
            schema: {
              allOf: [
                { $ref: '#/components/schemas/Problem' },
                { properties: { code: { enum: ofStatus } } },
              ],
            },
          },
        },
      },
    ];
  });
  return Object.fromEntries(responses);
}
