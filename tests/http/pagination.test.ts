import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ProblemError } from '#lib/contract/problem';
import type { Call } from '#lib/http/endpoint';
import { closePage, openPage } from '#lib/http/pagination';
import { anonymous } from '#lib/identity/caller';
import { NOW } from '#tests/http/events';

const position = z.int().min(0);

interface Query {
  readonly page?: number;
  readonly limit?: number;
  readonly cursor?: string;
  readonly type?: string;
}

/** A call of alice's for her history, but for what is named. */
function call(
  query: Query,
  other: { readonly actor?: string; readonly route?: string; readonly params?: object } = {},
): Call<unknown, Query, unknown> {
  const { actor = 'user:alice', route = 'listHistory', params = {} } = other;
  return {
    route,
    caller: anonymous,
    params,
    query,
    body: {},
    request: {
      id: 'req-1',
      now: NOW,
      sourceIp: '192.0.2.1',
      idempotencyKey: null,
      cause: 'request:1',
      fingerprint: null,
      actor,
      maxAgeSeconds: 0,
    },
  };
}

function cursorAfter(query: Query): string {
  const page = openPage(call(query), position);
  return closePage(page, { total: 45, next: page.limit }).next_cursor ?? 'none';
}

const codeOf = (work: () => unknown) => {
  try {
    work();
    return 'none';
  } catch (error) {
    return error instanceof ProblemError ? error.code : 'bug';
  }
};

test('the first page starts at the beginning, with the default size', () => {
  const page = openPage(call({}), position);
  expect(page).toMatchObject({ page: 1, limit: 20, position: null });
  expect(closePage(page, { total: 45, next: null })).toEqual({
    page: 1,
    limit: 20,
    total: 45,
    total_pages: 3,
    next_cursor: null,
  });
});

test('a cursor goes on where the page ended, with its size and its number', () => {
  const cursor = cursorAfter({ limit: 15, type: 'usage' });
  const next = openPage(call({ cursor, type: 'usage' }), position);
  expect(next).toMatchObject({ page: 2, limit: 15, position: 15 });
  expect(openPage(call({ cursor, type: 'usage', limit: 5 }), position).limit).toBe(5);
});

test('a list of unknown length says so', () => {
  const page = openPage(call({}), position);
  expect(closePage(page, { total: null, next: null })).toMatchObject({
    total: null,
    total_pages: null,
  });
});

test('an empty list has no pages', () => {
  expect(closePage(openPage(call({}), position), { total: 0, next: null }).total_pages).toBe(0);
});

describe('a cursor is refused', () => {
  const cursor = cursorAfter({ type: 'usage' });
  const forged = (change: object) =>
    Buffer.from(
      JSON.stringify({
        ...z.looseObject({}).parse(JSON.parse(Buffer.from(cursor, 'base64url').toString())),
        ...change,
      }),
    ).toString('base64url');

  test.each([
    { why: 'of another caller', used: call({ cursor, type: 'usage' }, { actor: 'user:bob' }) },
    { why: 'of another route', used: call({ cursor, type: 'usage' }, { route: 'other' }) },
    { why: 'of another user', used: call({ cursor, type: 'usage' }, { params: { userId: 'b' } }) },
    { why: 'of other filters', used: call({ cursor, type: 'refund' }) },
    { why: 'without its filters', used: call({ cursor }) },
    { why: 'that is no cursor', used: call({ cursor: 'nonsense', type: 'usage' }) },
    { why: 'whose place is no place', used: call({ cursor: forged({ p: -1 }), type: 'usage' }) },
    {
      why: 'whose place is a key',
      used: call({ cursor: forged({ p: { pk: 'USER#bob' } }), type: 'usage' }),
    },
    { why: 'of a larger page', used: call({ cursor: forged({ l: 1000 }), type: 'usage' }) },
    { why: 'with more in it', used: call({ cursor: forged({ pk: 'USER#b' }), type: 'usage' }) },
  ])('$why', ({ used }) => {
    expect(codeOf(() => openPage(used, position))).toBe('INVALID_CURSOR');
  });

  test('together with a page number', () => {
    const used = call({ cursor, type: 'usage', page: 2 });
    expect(codeOf(() => openPage(used, position))).toBe('VALIDATION_FAILED');
  });
});
