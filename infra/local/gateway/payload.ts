import * as z from 'zod';

import type { HttpAnswer, HttpRequest } from '#infra/local/gateway/http-message';

/** What a payload 2.0 event takes from the gateway and not from the request. */
export interface EventContext {
  readonly accountId: string;
  readonly apiId: string;
  readonly domainName: string;
  readonly requestId: string;
  readonly routeKey: string;
  /** The path that the function sees. */
  readonly path: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly authorizer?: {
    readonly claims: Readonly<Record<string, string>>;
    readonly scopes: readonly string[] | null;
  };
  readonly time: Date;
}

/** Lambda's payload format 2.0, as an HTTP API and a function URL send it. */
export function toEvent(request: HttpRequest, body: Buffer, context: EventContext): object {
  const { cookies, headers, method, query, sourceIp } = request;
  const parameters = queryParameters(query);
  const isText = isTextType(headers['content-type']);
  return {
    version: '2.0',
    routeKey: context.routeKey,
    rawPath: context.path,
    rawQueryString: query,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers: {
      ...headers,
      'x-amzn-trace-id': `Root=1-${context.requestId}`,
      'x-forwarded-for': sourceIp,
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    ...(parameters === undefined ? {} : { queryStringParameters: parameters }),
    ...(Object.keys(context.pathParameters).length === 0
      ? {}
      : { pathParameters: context.pathParameters }),
    requestContext: {
      accountId: context.accountId,
      apiId: context.apiId,
      ...(context.authorizer === undefined ? {} : { authorizer: { jwt: context.authorizer } }),
      domainName: context.domainName,
      domainPrefix: context.domainName.split('.')[0],
      http: {
        method,
        path: context.path,
        protocol: 'HTTP/1.1',
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: context.requestId,
      routeKey: context.routeKey,
      stage: '$default',
      time: commonLogTime(context.time),
      timeEpoch: context.time.getTime(),
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

const structuredSchema = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** The function's answer as HTTP, or undefined when it is not one that the gateway understands. */
export function toAnswer(payload: string): HttpAnswer | undefined {
  const result: unknown = JSON.parse(payload);
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    // What has no status code is itself the body of a 200.
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      cookies: [],
      body: Buffer.from(typeof result === 'string' ? result : payload),
    };
  }
  const parsed = structuredSchema.safeParse(result);
  if (!parsed.success) return undefined;
  const { body, cookies, headers, isBase64Encoded, statusCode } = parsed.data;
  const named = Object.entries(headers ?? {})
    .map(([name, value]) => [name.toLowerCase(), String(value)] as const)
    .filter(([name]) => !OWN_HEADERS.has(name));
  return {
    status: statusCode,
    headers: { ...DEFAULT_TYPE, ...Object.fromEntries(named) },
    cookies: cookies ?? [],
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

const DEFAULT_TYPE = { 'content-type': 'text/plain; charset=utf-8' };

/** The gateway writes these itself, whatever the function says. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Repeated keys are joined by commas; without a query there is no such field. */
function queryParameters(query: string): Record<string, string> | undefined {
  if (query === '') return undefined;
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const known = parameters[name];
    parameters[name] = known === undefined ? value : `${known},${value}`;
  }
  return parameters;
}

/** Everything else arrives in base64: a form, a file, a body that says nothing about itself. */
function isTextType(contentType: string | undefined): boolean {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  return /^text\/|^application\/(?:.+\+)?(?:json|xml|javascript)$/.test(type);
}

/** `20/Nov/2026:13:05:00 +0000`. */
function commonLogTime(time: Date): string {
  const [, day = '', month = '', year = '', clock = ''] = time.toUTCString().split(' ');
  return `${day}/${month}/${year}:${clock} +0000`;
}
