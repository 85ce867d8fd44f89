import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterEach, beforeAll, expect, test } from 'vitest';

import { createGateway } from '#infra/local/gateway/gateway';
import { createAuthorize } from '#infra/local/gateway/jwt-authorizer';
import type { InvocationResult } from '#infra/local/lambda/function-pool';
import { listen, stopListening } from '#infra/local/listen';
import type { HttpApiModel } from '#infra/local/template/model';

const ISSUER = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_LocalDev1';
const NOW = new Date('2030-01-01T00:00:00Z');

const authorizer = { issuer: ISSUER, audience: ['app-client'], header: 'authorization' };
const fast = { functionName: 'echo', timeoutMs: 29_000, scopes: [] };
const api: HttpApiModel = {
  id: 'api1',
  cors: {
    allowCredentials: false,
    allowHeaders: ['authorization'],
    allowMethods: ['GET', 'POST'],
    allowOrigins: ['https://app.example'],
    exposeHeaders: ['etag'],
    maxAgeSeconds: 600,
  },
  routes: [
    { ...fast, routeKey: 'GET /public/{id}' },
    { ...fast, routeKey: 'POST /public' },
    { ...fast, routeKey: 'GET /mine', authorizer },
    { ...fast, routeKey: 'POST /service', authorizer, scopes: ['credits/write'] },
    { ...fast, routeKey: 'GET /slow', functionName: 'slow', timeoutMs: 20 },
    { ...fast, routeKey: 'GET /fails', functionName: 'fails' },
    { ...fast, routeKey: 'GET /busy', functionName: 'busy' },
    { ...fast, routeKey: 'GET /limited', throttle: { burst: 1, ratePerSecond: 0.001 } },
    { ...fast, routeKey: 'GET /odd', functionName: 'odd' },
    { ...fast, routeKey: 'GET /plain', functionName: 'plain' },
    { ...fast, routeKey: 'GET /binary', functionName: 'binary' },
  ],
};

const failed = {
  errorType: 'Error',
  errorMessage: 'secret detail at line 3',
  trace: ['at x.ts:3'],
};

/** Stands in for the functions; `echo` answers with the event it got. */
async function invoke(name: string, event: unknown): Promise<InvocationResult> {
  const requestId = 'r';
  const ok = (answer: unknown): InvocationResult => ({
    ok: true,
    requestId,
    payload: JSON.stringify(answer),
  });
  switch (name) {
    case 'slow':
      return new Promise(() => undefined);
    case 'fails':
      return { ok: false, requestId, reason: 'error', error: failed };
    case 'busy':
      return { ok: false, requestId, reason: 'throttled', error: failed };
    case 'odd':
      return ok({ statusCode: 'many', body: 3 });
    case 'plain':
      return ok({ hello: 'there' });
    case 'binary':
      return ok({
        statusCode: 201,
        isBase64Encoded: true,
        body: Buffer.from([0, 255]).toString('base64'),
        headers: {
          'Content-Type': 'image/png',
          'Content-Length': 99,
          'Access-Control-Allow-Origin': '*',
        },
        cookies: ['a=1', 'b=2'],
      });
    default:
      return ok({
        statusCode: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(event),
      });
  }
}

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(stopListening));
});

let sign: (claims: JWTPayload, kid?: string) => Promise<string>;
let keys: { keys: object[] };
beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  const other = await generateKeyPair('RS256', { extractable: true });
  keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'known', alg: 'RS256' }] };
  sign = (claims, kid = 'known') =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid })
      .sign(kid === 'forged' ? other.privateKey : pair.privateKey);
});

const good = {
  iss: ISSUER,
  sub: 'user-1',
  client_id: 'app-client',
  token_use: 'access',
  scope: 'credits/read openid',
  'cognito:groups': ['admin', 'finance'],
  exp: NOW.getTime() / 1000 + 3600,
  iat: NOW.getTime() / 1000,
};

function withoutExpiry(claims: JWTPayload): JWTPayload {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => name !== 'exp'));
}

async function startGateway(): Promise<string> {
  const gateway = createGateway({
    api,
    functionUrls: [{ functionName: 'webhooks-stripe', path: '/webhooks/stripe' }],
    accountId: '000000000000',
    invoker: { invoke },
    authorize: createAuthorize({
      fetchKeys: async () => ({ keys: keys.keys.map((key) => ({ kty: 'RSA', ...key })) }),
      now: () => NOW,
    }),
    now: () => NOW,
    log: (line) => {
      throw new Error(line);
    },
  });
  const server = createServer(gateway.listener);
  servers.push(server);
  return `http://127.0.0.1:${await listen(server)}`;
}

test('a function gets the request in payload format 2.0', async () => {
  const url = await startGateway();
  const response = await fetch(`${url}/public/a%20b?x=1&x=2&y=%26`, {
    headers: { cookie: 'one=1; two=2', 'X-Thing': 'T' },
  });
  expect(await response.json()).toMatchObject({
    version: '2.0',
    routeKey: 'GET /public/{id}',
    rawPath: '/public/a b',
    rawQueryString: 'x=1&x=2&y=%26',
    cookies: ['one=1', 'two=2'],
    headers: { 'x-thing': 'T' },
    queryStringParameters: { x: '1,2', y: '&' },
    pathParameters: { id: 'a b' },
    isBase64Encoded: false,
    requestContext: {
      accountId: '000000000000',
      apiId: 'api1',
      stage: '$default',
      time: '01/Jan/2030:00:00:00 +0000',
      timeEpoch: NOW.getTime(),
      http: { method: 'GET', path: '/public/a b', sourceIp: '127.0.0.1' },
    },
  });
});

test.each([
  ['application/json; charset=utf-8', false],
  ['application/problem+json', false],
  ['text/plain', false],
  ['application/x-www-form-urlencoded', true],
  ['application/octet-stream', true],
])('a body of type %s is base64: %s', async (type, isBase64Encoded) => {
  const url = await startGateway();
  const response = await fetch(`${url}/public`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: '{"é":1}',
  });
  const body = isBase64Encoded ? Buffer.from('{"é":1}').toString('base64') : '{"é":1}';
  expect(await response.json()).toMatchObject({ body, isBase64Encoded });
});

test('a valid token reaches the function with every claim as text', async () => {
  const url = await startGateway();
  const response = await fetch(`${url}/mine`, {
    headers: { authorization: `Bearer ${await sign(good)}` },
  });
  expect(await response.json()).toMatchObject({
    requestContext: {
      authorizer: {
        jwt: {
          scopes: null,
          claims: { sub: 'user-1', 'cognito:groups': '[admin finance]', exp: String(good.exp) },
        },
      },
    },
  });
});

test.each<[string, JWTPayload, string?]>([
  ['is expired by the clock of the stack', { ...good, exp: NOW.getTime() / 1000 - 1 }],
  ['is of another issuer', { ...good, iss: 'https://evil.example' }],
  ['is of another client', { ...good, client_id: 'other' }],
  ['names another audience', { ...good, aud: 'other' }],
  ['is not valid yet', { ...good, nbf: NOW.getTime() / 1000 + 60 }],
  ['is signed by another key', good, 'forged'],
  ['has no expiry', withoutExpiry(good)],
])('a token that %s is 401', async (_, claims, kid) => {
  const url = await startGateway();
  const token = await sign(claims, kid);
  const response = await fetch(`${url}/mine`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ message: 'Unauthorized' });
});

test.each([undefined, '', 'Bearer', 'Bearer x.y.z', 'Basic dTpw'])(
  'the authorization header %j is 401',
  async (authorization) => {
    const url = await startGateway();
    const response = await fetch(`${url}/mine`, {
      headers: authorization === undefined ? {} : { authorization },
    });
    expect(response.status).toBe(401);
  },
);

test('a token signed with "none" is 401', async () => {
  const url = await startGateway();
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'none' })}.${part(good)}.`;
  const response = await fetch(`${url}/mine`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(401);
});

test('a token without a scope that the route asks for is 403', async () => {
  const url = await startGateway();
  const call = async (claims: JWTPayload): Promise<Response> =>
    fetch(`${url}/service`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await sign(claims)}` },
    });
  const refused = await call(good);
  expect([refused.status, await refused.json()]).toEqual([403, { message: 'Forbidden' }]);
  const allowed = await call({ ...good, scope: 'credits/write' });
  expect(await allowed.json()).toMatchObject({
    requestContext: { authorizer: { jwt: { scopes: ['credits/write'] } } },
  });
});

test.each([
  ['/nowhere', 404, 'Not Found'],
  ['/public/%E0%A4%A', 400, 'Bad Request'],
  ['/slow', 503, 'Service Unavailable'],
  ['/fails', 500, 'Internal Server Error'],
  ['/busy', 503, 'Service Unavailable'],
  ['/odd', 500, 'Internal Server Error'],
])('%s answers %i without a word about the inside', async (path, status, text) => {
  const url = await startGateway();
  const response = await fetch(url + path);
  expect([response.status, await response.json()]).toEqual([status, { message: text }]);
});

test('more requests than the throttle allows are 429', async () => {
  const url = await startGateway();
  const first = await fetch(`${url}/limited`);
  const second = await fetch(`${url}/limited`);
  expect([first.status, second.status]).toEqual([200, 429]);
  expect(await second.json()).toEqual({ message: 'Too Many Requests' });
});

test('a body over 10 MB is 413, and the connection still serves', async () => {
  const url = await startGateway();
  const response = await fetch(`${url}/public`, {
    method: 'POST',
    body: Buffer.alloc(10 * 1024 * 1024 + 1),
  });
  expect([response.status, await response.json()]).toEqual([
    413,
    { message: 'Request Entity Too Large' },
  ]);
  expect((await fetch(`${url}/public/1`)).status).toBe(200);
});

test('an answer without a status code is the body of a 200', async () => {
  const url = await startGateway();
  const response = await fetch(`${url}/plain`);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toEqual({ hello: 'there' });
});

test('status, cookies and binary bodies come through, hop-by-hop and CORS headers do not', async () => {
  const url = await startGateway();
  const response = await fetch(`${url}/binary`);
  expect(response.status).toBe(201);
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(response.headers.get('content-length')).toBe('2');
  expect(response.headers.get('access-control-allow-origin')).toBeNull();
  expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255]);
});

test('CORS lets the listed origin in, before any token is asked for, and no other', async () => {
  const url = await startGateway();
  const preflight = (origin: string): Promise<Response> =>
    fetch(`${url}/mine`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'GET' },
    });
  const allowed = await preflight('https://app.example');
  expect(allowed.status).toBe(204);
  expect(Object.fromEntries(allowed.headers)).toMatchObject({
    'access-control-allow-origin': 'https://app.example',
    'access-control-allow-methods': 'GET,POST',
    'access-control-allow-headers': 'authorization',
    'access-control-max-age': '600',
  });
  const refused = await preflight('https://evil.example');
  expect(refused.headers.get('access-control-allow-origin')).toBeNull();
  const unauthorized = await fetch(`${url}/mine`, { headers: { origin: 'https://app.example' } });
  expect(unauthorized.headers.get('access-control-allow-origin')).toBe('https://app.example');
});

test('a function URL hands over the raw body and the path of the bare URL', async () => {
  const url = await startGateway();
  const response = await fetch(`${url}/webhooks/stripe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'Stripe-Signature': 't=1,v1=x' },
    body: '{ "a": 1 }\n',
  });
  expect(await response.json()).toMatchObject({
    version: '2.0',
    routeKey: '$default',
    rawPath: '/',
    body: '{ "a": 1 }\n',
    isBase64Encoded: false,
    headers: { 'stripe-signature': 't=1,v1=x' },
    requestContext: { http: { method: 'POST', path: '/' } },
  });
});
