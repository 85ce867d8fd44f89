import type { CorsModel } from '#infra/local/template/model';

type Headers = Readonly<Record<string, string>>;

/** Whether the browser asks for permission before the real request. */
export function isPreflight(method: string, headers: Headers): boolean {
  return method === 'OPTIONS' && 'origin' in headers && 'access-control-request-method' in headers;
}

/** What the gateway adds to every answer; an origin that is not on the list gets nothing. */
export function corsHeaders(cors: CorsModel, headers: Headers): Headers {
  const allowed = allowedOrigin(cors, headers['origin']);
  if (allowed === undefined) return {};
  return {
    'access-control-allow-origin': allowed,
    ...(allowed === '*' ? {} : { vary: 'Origin' }),
    ...(cors.allowCredentials ? { 'access-control-allow-credentials': 'true' } : {}),
    ...list('access-control-expose-headers', cors.exposeHeaders),
  };
}

/** The gateway's own answer to a preflight request, which reaches no function and needs no token. */
export function preflightHeaders(cors: CorsModel, headers: Headers): Headers {
  const common = corsHeaders(cors, headers);
  if (common['access-control-allow-origin'] === undefined) return {};
  return {
    ...common,
    ...list('access-control-allow-methods', cors.allowMethods),
    ...list('access-control-allow-headers', cors.allowHeaders),
    ...(cors.maxAgeSeconds === undefined
      ? {}
      : { 'access-control-max-age': String(cors.maxAgeSeconds) }),
  };
}

function allowedOrigin(cors: CorsModel, origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined;
  if (cors.allowOrigins.includes('*')) return '*';
  return cors.allowOrigins.some((allowed) => matches(allowed, origin)) ? origin : undefined;
}

/** `https://*` and `https://*.example.com` stand for many origins. */
function matches(allowed: string, origin: string): boolean {
  const star = allowed.indexOf('*');
  if (star === -1) return allowed.toLowerCase() === origin.toLowerCase();
  const [start, end] = [allowed.slice(0, star), allowed.slice(star + 1)];
  return (
    origin.length >= start.length + end.length && origin.startsWith(start) && origin.endsWith(end)
  );
}

function list(name: string, values: readonly string[]): Headers {
  return values.length === 0 ? {} : { [name]: values.join(',') };
}
