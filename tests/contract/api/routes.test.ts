import { describe, expect, test } from 'vitest';
import { type ErrorCode, errorTable } from '#lib/contract/errors';
import { CREDITS_MAX } from '#lib/contract/amounts';
import { CREDIT_TYPES } from '#lib/contract/credit-types';
import { problem } from '#lib/contract/problem';
import { routeKey } from '#lib/contract/route';
import { allRoutes, routes } from '#lib/contract/routes';
import { GRANT_CATEGORIES, TRANSACTION_TYPES } from '#lib/contract/wire';
import { ENTRY_TYPES } from '#lib/ledger/entry';
import { AMOUNT_MAX, METADATA_BYTES_MAX as LEDGER_METADATA_BYTES_MAX } from '#lib/ledger/limits';
import { CATEGORIES } from '#lib/ledger/wallet';
import { METADATA_BYTES_MAX } from '#lib/contract/fields';

describe('the table of routes', () => {
  test('has each name and each method with path once', () => {
    expect(Object.keys(routes)).toEqual(allRoutes.map(({ name }) => name));
    expect(new Set(allRoutes.map(({ name }) => name)).size).toBe(allRoutes.length);
    expect(new Set(allRoutes.map(routeKey)).size).toBe(allRoutes.length);
  });

  test('lets every call that moves credits or money be retried safely', () => {
    const writes = allRoutes.filter(({ method }) => method === 'POST' || method === 'PUT');
    expect(writes.filter(({ idempotent }) => !idempotent)).toEqual([]);
  });

  test('names a user in the path only where a service or an admin asks', () => {
    const named = allRoutes.filter(({ path }) => path.includes('{userId}'));
    expect(named.map(({ access }) => access.kind)).not.toContain('user');
    expect(named.map(({ access }) => access.kind)).not.toContain('public');
  });
});

describe('the contract and the ledger agree', () => {
  test('on bounds and words, which each must know without the other', () => {
    expect(CREDITS_MAX).toBe(AMOUNT_MAX);
    expect(METADATA_BYTES_MAX).toBe(LEDGER_METADATA_BYTES_MAX);
    expect(TRANSACTION_TYPES).toEqual(ENTRY_TYPES);
    expect(GRANT_CATEGORIES).toEqual(CATEGORIES);
    expect(new Set(CREDIT_TYPES).size).toBe(CREDIT_TYPES.length);
  });
});

describe('the table of errors', () => {
  const codes = Object.entries(errorTable);

  test.each(codes)(
    '%s: a retry helps only where the state or we can change',
    (_code, definition) => {
      expect(definition.status).toBeGreaterThanOrEqual(400);
      if (definition.retryAfterSeconds !== undefined) expect(definition.retry).toBe('later');
      if (definition.status < 409) expect(definition.retry).toBe('never');
      if ([429, 503].includes(definition.status))
        expect(definition.retryAfterSeconds).toBeDefined();
    },
  );

  test('insufficient credits is 402 everywhere and names all three numbers', () => {
    const refusal = problem('INSUFFICIENT_CREDITS', { required: 9, available: 4, shortfall: 5 });
    expect(errorTable[refusal.code].status).toBe(402);
    expect(refusal.message).toBe('9 credits are required and 4 are available: 5 are missing.');
    expect(refusal.details).toEqual({ required: 9, available: 4, shortfall: 5 });
  });

  test('is used: every code of a route is in it', () => {
    const used = new Set<ErrorCode>(allRoutes.flatMap(({ errors }) => errors));
    expect([...used].filter((code) => !(code in errorTable))).toEqual([]);
  });
});
