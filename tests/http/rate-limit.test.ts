import { expect, test } from 'vitest';
import * as z from 'zod';
import { problem } from '#lib/contract/problem';
import { errorsOf, route } from '#lib/contract/route';
import { allRoutes } from '#lib/contract/routes';
import { problemDocument } from '#lib/contract/wire';
import { apiHandler } from '#lib/http/api-handler';
import { endpoint } from '#lib/http/endpoint';
import type { Allowance } from '#lib/limits/token-bucket';
import type { RateLimitStore } from '#lib/ports';
import { context, httpEvent, testRuntime } from '#tests/http/events';

const limit = { bucket: 'guess', capacity: 3, perMinute: 2 };
const common = {
  path: '/guesses',
  function: 'wallet',
  access: { kind: 'user', permission: 'credits.redeem' },
  limit,
  answers: { 200: z.strictObject({}) },
  errors: ['NOT_FOUND'],
} as const;
const guess = route({
  ...common,
  name: 'guess',
  method: 'POST',
  summary: 'A guess',
  body: z.strictObject({ word: z.string() }),
});
const listGuesses = route({ ...common, name: 'listGuesses', method: 'GET', summary: 'Guesses' });

function world(take: RateLimitStore['take']) {
  const ran: string[] = [];
  const taken: Parameters<RateLimitStore['take']>[0][] = [];
  const caller = { kind: 'user', sub: 'alice', clientId: 'app' } as const;
  const handler = apiHandler(
    [
      endpoint(guess, async ({ body }) => {
        ran.push(body.word);
        if (body.word === 'wrong') throw problem('NOT_FOUND');
        return { status: 200, body: {} };
      }),
      endpoint(listGuesses, async () => {
        ran.push('list');
        return { status: 200, body: {} };
      }),
    ],
    () => ({
      verifyToken: async () => ({
        kind: 'verified' as const,
        caller: { ...caller, groups: new Set<string>(), scopes: new Set<string>() },
      }),
      rateLimits: {
        take: (request) => {
          taken.push(request);
          return take(request);
        },
      },
    }),
    testRuntime(),
  );
  const send = async (of: typeof guess | typeof listGuesses, body?: unknown) => {
    const { headers, ...answer } = await handler(
      httpEvent(of, { token: 'any', ...(body !== undefined && { body }) }),
      context(),
    );
    const code =
      answer.statusCode === 200 ? null : problemDocument.parse(JSON.parse(answer.body ?? '')).code;
    return { status: answer.statusCode, code, headers: headers ?? {} };
  };
  return { ran, taken, send };
}

const allowance = (changes: Partial<Allowance>): Allowance => ({
  admitted: true,
  remaining: 2,
  retryInMs: 0,
  fullInMs: 29_001,
  ...changes,
});

test('every answer of a limited route says how the bucket stands, a refusal of the command too', async () => {
  const { send, taken } = world(async () => allowance({}));
  for (const word of ['right', 'wrong']) {
    const { headers } = await send(guess, { word });
    expect(headers).toMatchObject({
      'ratelimit-policy': '"guess";q=3;w=90',
      ratelimit: '"guess";r=2;t=30',
    });
  }
  expect(taken[0]).toMatchObject({ principal: { kind: 'user', id: 'alice' }, limit });
});

test('an empty bucket is 429 with Retry-After, and the command does not run', async () => {
  const { ran, send } = world(async () =>
    allowance({ admitted: false, remaining: 0, retryInMs: 12_001, fullInMs: 72_001 }),
  );
  const refused = await send(guess, { word: 'right' });
  expect([refused.status, refused.code]).toEqual([429, 'RATE_LIMITED']);
  expect(refused.headers).toMatchObject({ 'retry-after': '13', ratelimit: '"guess";r=0;t=73' });
  expect(ran).toEqual([]);
});

test('a request that cannot be understood takes nothing out of the bucket', async () => {
  const { send, taken } = world(async () => allowance({}));
  expect((await send(guess, { word: 5 })).status).toBe(400);
  expect(taken).toEqual([]);
});

test('when buckets cannot be asked no guess is let through, and reading goes on', async () => {
  const { ran, send } = world(() => Promise.reject(new Error('the table is down')));
  const refused = await send(guess, { word: 'right' });
  expect([refused.status, refused.code]).toEqual([503, 'RATE_LIMIT_UNAVAILABLE']);
  expect(refused.headers['retry-after']).toBe('5');
  expect((await send(listGuesses)).status).toBe(200);
  expect(ran).toEqual(['list']);
});

test('what costs us money or can be guessed has a limit, and says so in its contract', () => {
  const limited = allRoutes.filter((each) => each.limit !== null);
  expect(limited.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['createCheckout', 'initiatePurchase', 'verifyPayment']),
  );
  for (const each of limited) {
    expect(errorsOf(each)).toContain('RATE_LIMITED');
    expect(each.access.kind).not.toBe('public');
  }
});
