import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { problem } from '#lib/contract/problem';
import { route } from '#lib/contract/route';
import { problemDocument } from '#lib/contract/wire';
import { apiHandler } from '#lib/http/api-handler';
import { type Call, endpoint } from '#lib/http/endpoint';
import type { Caller } from '#lib/identity/caller';
import type { VerifyToken } from '#lib/identity/verify-token';
import { ContentionError } from '#lib/ports';
import { context, httpEvent, NOW, testRuntime } from '#tests/http/events';

// The worked example: a route, its endpoint, a function's dependencies. A real function has one file for each.

const notes = {
  getNote: route({
    name: 'getNote',
    method: 'GET',
    path: '/notes/{id}',
    function: 'wallet',
    access: { kind: 'user', permission: 'credits.read' },
    summary: 'One note',
    params: z.strictObject({ id: z.string().regex(/^[a-z]{1,8}$/, 'must be a short word') }),
    query: z.strictObject({ depth: z.string().optional() }),
    conditional: true,
    answers: { 200: z.strictObject({ note: z.string(), owner: z.string() }) },
    errors: ['NOT_FOUND'],
  }),
  createNote: route({
    name: 'createNote',
    method: 'POST',
    path: '/notes',
    function: 'wallet',
    access: { kind: 'user', permission: 'credits.spend' },
    summary: 'A new note',
    body: z.strictObject({ text: z.string().max(20), size: z.int().default(1) }),
    idempotent: true,
    answers: { 201: z.strictObject({ text: z.string(), size: z.int() }) },
    errors: [],
  }),
  getPage: route({
    name: 'getPage',
    method: 'GET',
    path: '/page',
    function: 'wallet',
    access: { kind: 'public' },
    summary: 'A page',
    produces: 'html',
    answers: { 200: z.string() },
    errors: [],
  }),
};

interface NoteStore {
  readonly find: (id: string) => Promise<string | null>;
}

const getNote = endpoint(
  notes.getNote,
  async ({ params, caller }, dependencies: { readonly store: NoteStore }) => {
    const note = await dependencies.store.find(params.id);
    if (note === null) throw problem('NOT_FOUND');
    return { status: 200, body: { note, owner: caller.sub } };
  },
);

const getPage = endpoint(notes.getPage, async () => ({ status: 200, body: '<p>hello</p>' }));

type Seen = Pick<Call<unknown, unknown, unknown>, 'body' | 'request'>;

function world(store: NoteStore = { find: async (id) => (id === 'known' ? 'a note' : null) }) {
  const runtime = testRuntime();
  const seen: Seen[] = [];
  let started = 0;
  const createNote = endpoint(notes.createNote, async (call) => {
    seen.push(call);
    return { status: 201, body: call.body, replayed: seen.length > 1 };
  });
  const handler = apiHandler(
    [getNote, createNote, getPage],
    () => {
      started += 1;
      return { store, verifyToken };
    },
    runtime,
  );
  return {
    runtime,
    seen,
    starts: () => started,
    send: async (...request: Parameters<typeof httpEvent>) => {
      const response = await handler(httpEvent(...request), context());
      const headers = new Map(Object.entries(response.headers ?? {}));
      return { status: response.statusCode, headers, text: response.body ?? '' };
    },
  };
}

const people: Readonly<Record<string, Caller>> = {
  alice: { kind: 'user', sub: 'alice', clientId: 'app', groups: new Set(), scopes: new Set() },
  bob: { kind: 'user', sub: 'bob', clientId: 'app', groups: new Set(), scopes: new Set() },
};
const verifyToken: VerifyToken = async (token) => {
  if (token === 'outage') return { kind: 'unavailable', error: new Error('no keys') };
  const caller = people[token];
  return caller ? { kind: 'verified', caller } : { kind: 'invalid' };
};

const codeOf = (text: string) => problemDocument.parse(JSON.parse(text)).code;

describe('an answer', () => {
  test('has the body that the endpoint gave, as JSON that no cache keeps', async () => {
    const { send } = world();
    const { status, headers, text } = await send(notes.getNote, {
      params: { id: 'known' },
      token: 'alice',
    });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({ note: 'a note', owner: 'alice' });
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('x-request-id')).toBe('req-1');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('is not sent again to a caller who has it, and is when it changed', async () => {
    let note = 'first';
    const { send } = world({ find: async () => note });
    const ask = (headers = {}) =>
      send(notes.getNote, { params: { id: 'known' }, token: 'alice', headers });
    const first = await ask();
    const etag = first.headers.get('etag');
    expect(first.headers.get('cache-control')).toBe('private, no-cache');

    const again = await ask({ 'if-none-match': `"other", W/${String(etag)}` });
    expect([again.status, again.text]).toEqual([304, '']);
    expect(again.headers.get('etag')).toBe(etag);

    note = 'second';
    const changed = await ask({ 'if-none-match': String(etag) });
    expect(changed.status).toBe(200);
  });

  test('of a page is HTML, needs no token and may run nothing', async () => {
    const { send } = world();
    const { status, headers, text } = await send(notes.getPage, { token: 'nonsense' });
    expect([status, text]).toEqual([200, '<p>hello</p>']);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('that was given before says so', async () => {
    const { send } = world();
    const body = { text: 'x' };
    const first = await send(notes.createNote, { body, token: 'alice' });
    const second = await send(notes.createNote, { body, token: 'alice' });
    expect(first.headers.has('idempotent-replayed')).toBe(false);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
  });
});

describe('a refusal', () => {
  test('is a problem document with code, sentence, fields and request id', async () => {
    const { send } = world();
    const { status, headers, text } = await send(notes.createNote, {
      token: 'alice',
      body: { text: 5, size: 1.5, colour: 'red' },
    });
    expect(status).toBe(400);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(headers.get('cache-control')).toBe('no-store');
    const document = problemDocument.parse(JSON.parse(text));
    expect(document).toMatchObject({
      type: 'urn:credit-ledger:problem:validation-failed',
      status: 400,
      code: 'VALIDATION_FAILED',
      request_id: 'req-1',
    });
    expect(document.errors.map(({ field }) => field)).toEqual(['text', 'size', 'colour']);
  });

  test.each([
    { why: 'no token', request: {}, status: 401, code: 'UNAUTHENTICATED' },
    { why: 'bad token', request: { token: 'mallory' }, status: 401, code: 'UNAUTHENTICATED' },
    {
      why: 'another scheme',
      request: { headers: { authorization: 'Basic alice' } },
      status: 401,
      code: 'UNAUTHENTICATED',
    },
    { why: 'no keys', request: { token: 'outage' }, status: 503, code: 'IDENTITY_UNAVAILABLE' },
    { why: 'no body', request: { token: 'alice' }, status: 400, code: 'VALIDATION_FAILED' },
    {
      why: 'broken JSON',
      request: { token: 'alice', body: '{"text":' },
      status: 400,
      code: 'MALFORMED_JSON',
    },
    {
      why: 'bytes that are not UTF-8',
      request: {
        token: 'alice',
        body: Buffer.from([0x22, 0xff, 0x22]).toString('base64'),
        isBase64Encoded: true,
      },
      status: 400,
      code: 'MALFORMED_JSON',
    },
    {
      why: 'a body that is no object',
      request: { token: 'alice', body: '[]' },
      status: 400,
      code: 'VALIDATION_FAILED',
    },
    {
      why: 'a form',
      request: {
        token: 'alice',
        body: 'text=x',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
      status: 415,
      code: 'UNSUPPORTED_MEDIA_TYPE',
    },
    {
      why: 'another charset',
      request: {
        token: 'alice',
        body: '{}',
        headers: { 'content-type': 'application/json; charset=latin1' },
      },
      status: 415,
      code: 'UNSUPPORTED_MEDIA_TYPE',
    },
    {
      why: 'too many bytes',
      request: { token: 'alice', body: `"${'é'.repeat(131_072)}"` },
      status: 413,
      code: 'PAYLOAD_TOO_LARGE',
    },
    {
      why: 'a key that is too long',
      request: {
        token: 'alice',
        body: { text: 'x' },
        headers: { 'idempotency-key': 'k'.repeat(256) },
      },
      status: 400,
      code: 'INVALID_IDEMPOTENCY_KEY',
    },
    {
      why: 'an empty key',
      request: { token: 'alice', body: { text: 'x' }, headers: { 'idempotency-key': '' } },
      status: 400,
      code: 'INVALID_IDEMPOTENCY_KEY',
    },
    {
      why: 'a key with a tab',
      request: { token: 'alice', body: { text: 'x' }, headers: { 'idempotency-key': 'a\tb' } },
      status: 400,
      code: 'INVALID_IDEMPOTENCY_KEY',
    },
    {
      why: 'a query that the route does not take',
      request: { token: 'alice', body: { text: 'x' }, query: 'a=1' },
      status: 400,
      code: 'VALIDATION_FAILED',
    },
  ])('for $why is $status $code, and nothing runs', async ({ request, status, code }) => {
    const { send, seen } = world();
    const response = await send(notes.createNote, request);
    expect([response.status, codeOf(response.text)]).toEqual([status, code]);
    expect(response.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : undefined);
    expect(seen).toEqual([]);
  });

  test('is given for a query key that comes twice, whichever value is meant', async () => {
    const { send } = world();
    const { text } = await send(notes.getNote, {
      params: { id: 'known' },
      token: 'alice',
      query: 'depth=1&depth=2',
    });
    expect(codeOf(text)).toBe('VALIDATION_FAILED');
  });

  test('of a race or an outage says when to come back', async () => {
    const { send } = world({ find: () => Promise.reject(new ContentionError('raced')) });
    const { status, headers, text } = await send(notes.getNote, {
      params: { id: 'known' },
      token: 'alice',
    });
    expect([status, codeOf(text), headers.get('retry-after')]).toEqual([503, 'CONTENTION', '1']);
  });

  test('is given for a route that nobody serves', async () => {
    const { send } = world();
    const { status, text } = await send({ method: 'GET', path: '/nowhere' });
    expect([status, codeOf(text)]).toEqual([404, 'ROUTE_NOT_FOUND']);
  });
});

describe('a failure of ours', () => {
  test('is a 500 that says nothing about it, and a log line that does', async () => {
    const secret = 'table ledger-prod is on fire';
    const { send, runtime } = world({ find: () => Promise.reject(new Error(secret)) });
    const { status, text } = await send(notes.getNote, { params: { id: 'known' }, token: 'alice' });
    expect([status, codeOf(text)]).toEqual([500, 'INTERNAL']);
    expect(text).not.toContain('fire');
    expect(runtime.lines).toHaveLength(1);
    expect(runtime.lines[0]).toMatchObject({
      level: 'error',
      fields: { route: 'GET /notes/{id}', status: 500, request_id: 'req-1' },
    });
  });

  test('to start is told to the request, and the next request starts again', async () => {
    const runtime = testRuntime();
    let tries = 0;
    const createDependencies = async () => {
      tries += 1;
      if (tries === 1) throw new Error('not yet');
      return { verifyToken, store: { find: async () => 'a note' } };
    };
    const handler = apiHandler([getNote], createDependencies, runtime);
    const event = httpEvent(notes.getNote, { params: { id: 'known' }, token: 'alice' });
    const statuses = [
      (await handler(event, context())).statusCode,
      (await handler(event, context())).statusCode,
    ];
    expect(statuses).toEqual([500, 200]);
  });

  test('to answer in time is told before the function is killed', async () => {
    const handler = apiHandler(
      [getNote],
      () => ({ verifyToken, store: { find: () => new Promise<string>(() => undefined) } }),
      testRuntime(),
    );
    const event = httpEvent(notes.getNote, { params: { id: 'known' }, token: 'alice' });
    const response = await handler(event, context(1));
    expect([response.statusCode, codeOf(response.body ?? '')]).toEqual([503, 'TIMED_OUT']);
  });
});

test('dependencies are made once and kept for all requests', async () => {
  const { send, starts } = world();
  await send(notes.getPage);
  await send(notes.getPage);
  expect(starts()).toBe(1);
});

describe('what an endpoint learns of a request', () => {
  const keyed = (token: string, body: object, key = 'k-1', requestId = 'req-1') =>
    [notes.createNote, { token, body, headers: { 'idempotency-key': key }, requestId }] as const;

  test('is its id, its one instant, its source and its key', async () => {
    const { send, seen } = world();
    await send(...keyed('alice', { text: 'x' }));
    expect(seen[0]?.request).toMatchObject({
      id: 'req-1',
      now: NOW,
      sourceIp: '192.0.2.1',
      idempotencyKey: 'k-1',
      actor: 'user:alice',
      maxAgeSeconds: 0,
    });
    expect(seen[0]?.body).toEqual({ text: 'x', size: 1 });
  });

  test('the cause is one per caller and key, whatever the request', async () => {
    const { send, seen } = world();
    await send(...keyed('alice', { text: 'x' }, 'k-1', 'req-1'));
    await send(...keyed('alice', { text: 'other' }, 'k-1', 'req-2'));
    await send(...keyed('alice', { text: 'x' }, 'k-2', 'req-3'));
    await send(...keyed('bob', { text: 'x' }, 'k-1', 'req-4'));
    const causes = seen.map(({ request }) => request.cause);
    expect(causes[1]).toBe(causes[0]);
    expect(new Set(causes).size).toBe(3);
  });

  test('without a key, each request is its own cause', async () => {
    const { send, seen } = world();
    const request = { token: 'alice', body: { text: 'x' } };
    await send(notes.createNote, { ...request, requestId: 'req-1' });
    await send(notes.createNote, { ...request, requestId: 'req-2' });
    expect(seen[0]?.request.cause).not.toBe(seen[1]?.request.cause);
    expect(seen[0]?.request.fingerprint).toBeNull();
  });

  test('the fingerprint is that of what is asked for: defaults and order of fields do not change it', async () => {
    const { send, seen } = world();
    await send(...keyed('alice', { text: 'x' }));
    await send(...keyed('alice', { size: 1, text: 'x' }));
    await send(...keyed('alice', { size: 2, text: 'x' }));
    const [first, second, third] = seen.map(({ request }) => request.fingerprint);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  test.each([
    ['max-age=30', 30],
    ['max-age=600', 60],
    ['no-cache', 0],
    ['public, max-age=5', 5],
    ['s-maxage=9', 0],
    ['max-age=-1', 0],
    ['max-age=1e9', 0],
  ])('"Cache-Control: %s" takes an answer of %d seconds', async (header, seconds) => {
    const { send, seen } = world();
    const headers = { 'cache-control': header };
    await send(notes.createNote, { token: 'alice', body: { text: 'x' }, headers });
    expect(seen[0]?.request.maxAgeSeconds).toBe(seconds);
  });
});
