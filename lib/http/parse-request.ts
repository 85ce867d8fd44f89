import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type * as z from 'zod';
import type { FieldError } from '#lib/contract/errors';
import { invalidField, invalidFields, problem } from '#lib/contract/problem';
import type { Route } from '#lib/contract/route';

/** What API Gateway hands over (payload 2.0), as far as it is read here. */
export type HttpEvent = Pick<
  APIGatewayProxyEventV2,
  'routeKey' | 'rawQueryString' | 'headers' | 'body' | 'isBase64Encoded'
> & {
  readonly pathParameters?: Readonly<Record<string, string | undefined>>;
  readonly requestContext: {
    readonly requestId: string;
    readonly http: { readonly sourceIp: string };
  };
};

/** Far above any body of ours and far below what Lambda and SQS take. */
export const BODY_BYTES_MAX = 262_144;

/** Parses one part of a request with its schema, and names every field that does not hold. */
export function parse<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalidFields(result.error.issues.flatMap(fieldErrors).slice(0, ERRORS_MAX));
}

const ERRORS_MAX = 20;
const NAME_LENGTH_MAX = 64;

function fieldErrors(issue: z.core.$ZodIssue): readonly FieldError[] {
  const field = issue.path.map((part) => String(part).slice(0, NAME_LENGTH_MAX)).join('.');
  if (issue.code !== 'unrecognized_keys') return [{ field, message: issue.message }];
  return issue.keys.map((key) => ({
    field: [field, key.slice(0, NAME_LENGTH_MAX)].filter((part) => part !== '').join('.'),
    message: 'is not a known field',
  }));
}

/** The query as sent. A key that comes twice is refused: which of the two is meant is anyone's guess. */
export function readQuery(event: HttpEvent): Readonly<Record<string, string>> {
  const pairs = [...new URLSearchParams(event.rawQueryString)];
  const twice = pairs.find(([key], index) => pairs.findIndex(([other]) => other === key) < index);
  if (twice) throw invalidField(twice[0].slice(0, NAME_LENGTH_MAX), 'must be given only once');
  return Object.fromEntries(pairs);
}

/** The body as JSON, after type, size and encoding are checked; an absent body is an empty object where none is due. */
export function readBody(
  event: HttpEvent,
  route: Pick<Route, 'body' | 'hasBody' | 'method' | 'upload'>,
): unknown {
  const takesBody = route.hasBody || (route.method !== 'GET' && route.method !== 'DELETE');
  if (!takesBody || event.body === undefined || event.body === '') {
    // A body of which every field may be left out may be left out itself.
    const isRequired = route.hasBody && !route.body.safeParse({}).success;
    if (isRequired) throw invalidField('', 'a JSON body is required');
    return {};
  }
  const bytes = Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8');
  const bytesMax = route.upload?.bytesMax ?? BODY_BYTES_MAX;
  if (bytes.length > bytesMax) throw problem('PAYLOAD_TOO_LARGE', { limit_bytes: bytesMax });
  if (route.upload && isCsv(event.headers['content-type'])) return { csv: decodeCsv(bytes) };
  if (!isJson(event.headers['content-type'])) throw problem('UNSUPPORTED_MEDIA_TYPE');
  return parseJson(decodeUtf8(bytes));
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    // It throws for what the caller sent and for nothing else; the same goes for the parser below.
    throw problem('MALFORMED_JSON');
  }
}

/** With a byte order mark, if it has one: that is for the reader of the file to judge. */
function decodeCsv(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalidField('csv', 'must be UTF-8');
  }
}

// Any letter of a name can be written as an escape.
const MAY_NAME_PROTO = /__proto__|\\u00/;

function parseJson(text: string): unknown {
  const names = new Set<string>();
  let parsed: unknown;
  try {
    parsed = MAY_NAME_PROTO.test(text)
      ? JSON.parse(text, (name, value: unknown) => {
          names.add(name);
          return value;
        })
      : JSON.parse(text);
  } catch {
    throw problem('MALFORMED_JSON');
  }
  if (countNames(text) > countMembers(parsed)) {
    throw invalidField('', 'must name each field only once');
  }
  // No schema of ours knows this name, and where names are free the schema library drops it without a word.
  if (names.has('__proto__')) throw invalidField('__proto__', 'is not a known field');
  return parsed;
}

// Quotes stand nowhere in JSON but around its texts, so that this finds each of them; a name is what a colon follows.
const TEXT_OR_NAME = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

function countNames(json: string): number {
  let names = 0;
  for (const [, colon] of json.matchAll(TEXT_OR_NAME)) if (colon !== undefined) names += 1;
  return names;
}

/** Of a name that came twice, the parser has kept one. */
function countMembers(parsed: unknown): number {
  let members = 0;
  const open: unknown[] = [parsed];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    const inside: unknown[] = Object.values(value);
    if (!Array.isArray(value)) members += inside.length;
    for (const each of inside) open.push(each);
  }
  return members;
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test((contentType ?? '').trim());
}

function isCsv(contentType: string | undefined): boolean {
  return /^text\/csv\s*(;\s*charset="?utf-8"?\s*)?$/i.test((contentType ?? '').trim());
}

const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/** The Idempotency-Key as sent, or null. */
export function readIdempotencyKey(
  event: HttpEvent,
  route: Pick<Route, 'idempotent'>,
): string | null {
  const key = event.headers['idempotency-key'];
  if (!route.idempotent || key === undefined) return null;
  if (!IDEMPOTENCY_KEY.test(key)) throw problem('INVALID_IDEMPOTENCY_KEY');
  return key;
}

const MAX_AGE_SECONDS_MAX = 60;

/** How old an answer the caller takes (`Cache-Control: max-age`), in seconds: 0 when it does not say, 60 at most. */
export function readMaxAge(event: HttpEvent): number {
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(
    event.headers['cache-control'] ?? '',
  )?.[1];
  return seconds === undefined ? 0 : Math.min(Number(seconds), MAX_AGE_SECONDS_MAX);
}

/** The token of `Authorization: Bearer`, or null when the header is absent or of another kind. */
export function readBearerToken(event: HttpEvent): string | null {
  return /^Bearer +(\S+)$/i.exec(event.headers['authorization'] ?? '')?.[1] ?? null;
}
