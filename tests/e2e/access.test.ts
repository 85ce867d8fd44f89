import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Route } from '#lib/contract/route';
import { allRoutes } from '#lib/contract/routes';
import { goodInputs } from '#tests/contract/api/route-fields';
import { openTestStack, type TestStack } from '#tests/support/stack';

/*
 * Who may call what, over HTTP and through the gateway's authorizer: every route of the contract, every kind of caller.
 * A new route appears here by itself; what a caller gets follows from the route's own `access`.
 */

const callers = [
  'nobody',
  'user',
  'other user',
  'id token',
  'wrong client',
  'expired',
  'suspended',
  'service (read)',
  'service (write)',
  'admin',
  'finance',
  'support',
  'admin group, app client',
] as const;
type CallerName = (typeof callers)[number];

let stack: TestStack;
const tokens = new Map<CallerName, string>();
beforeAll(async () => {
  stack = await openTestStack();
  const mint = async (name: CallerName, claims: object) =>
    tokens.set(name, await stack.token(claims));
  await mint('expired', { sub: 'alice' });
  await stack.advance('PT61M');
  await mint('user', { sub: 'alice' });
  await mint('other user', { sub: 'mallory' });
  await mint('id token', { sub: 'alice', token_use: 'id' });
  await mint('wrong client', { sub: 'alice', client_id: 'someone-elses-client' });
  await mint('suspended', { sub: 'alice', groups: ['suspended'] });
  await mint('service (read)', { sub: 'app', client: 'service', scope: 'credits/read' });
  await mint('service (write)', { sub: 'app', client: 'service', scope: 'credits/write' });
  for (const group of ['admin', 'finance', 'support'] as const) {
    await mint(group, { sub: 'carol', client: 'admin', groups: [group] });
  }
  await mint('admin group, app client', { sub: 'carol', client: 'app', groups: ['admin'] });
});
// Every route was asked for, by everybody: there is something to scan.
afterAll(async () => expect(await stack.close()).toBeGreaterThan(0));

const cases = allRoutes.flatMap((route) => callers.map((caller) => ({ route, caller })));

describe('every route answers every caller as the design says (DESIGN 5)', () => {
  test('all routes of the contract are here', () => {
    expect(cases).toHaveLength(allRoutes.length * callers.length);
    expect(allRoutes.length).toBeGreaterThan(15);
  });

  test.each(cases)('$route.method $route.path for $caller', async ({ route, caller }) => {
    const token = tokens.get(caller);
    const answer = await stack.send(route.method, pathOf(route), {
      ...(token !== undefined && { token }),
      ...(route.hasBody && { body: {} }),
    });
    const refusal = refusalFor(route, caller);
    if (refusal === null) expect([401, 403]).not.toContain(answer.status);
    else expect(answer.status).toBe(refusal);
    expect(answer.status, answer.text).not.toBe(500);
    expect(answer.text).not.toMatch(/\bat .*\.js:\d+|node:internal/);
  });
});

describe('every route has an answer in the function as it was built', () => {
  const who = {
    public: 'nobody',
    user: 'user',
    service: 'service (write)',
    admin: 'admin',
  } as const;

  test.each(allRoutes)('$method $path', async (route) => {
    const { body, params, query } = goodInputs(route);
    const token = tokens.get(who[route.access.kind]);
    const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
    const search = new URLSearchParams(query).toString();
    const answer = await stack.sendUntilServed(route.method, `${path}?${search}`, {
      ...(token !== undefined && { token }),
      ...(route.hasBody && { body }),
    });
    expect(answer.status, answer.text).not.toBe(500);
  });
});

test('a person cannot move another person’s credits by naming them', async () => {
  const token = tokens.get('other user') ?? '';
  for (const path of ['/api/credits/alice/balance', '/api/credits/alice/history']) {
    const foreign = await stack.send('GET', path, { token });
    const missing = await stack.send('GET', path.replace('alice', 'nobody-at-all'), { token });
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, request_id: '' }).toEqual({ ...missing.body, request_id: '' });
  }
});

/** The status with which a caller is turned away, or null. Written apart from the code that decides it. */
function refusalFor(route: Route, caller: CallerName): number | null {
  const { access } = route;
  if (access.kind === 'public') return null;
  if (['nobody', 'id token', 'wrong client', 'expired'].includes(caller)) return 401;
  const isAdmin = ['admin', 'finance', 'support'].includes(caller);
  switch (access.kind) {
    case 'user': {
      // An admin is a person too, with a wallet of their own.
      if (caller.startsWith('service')) return 403;
      const forbidden = ['credits.purchase', 'credits.spend', 'credits.redeem'];
      return caller === 'suspended' && forbidden.includes(access.permission) ? 403 : null;
    }
    case 'service': {
      if (caller === 'service (write)') return null;
      if (caller === 'service (read)') return access.scope === 'credits/read' ? null : 403;
      if (!access.ownUser) return 403;
      if (caller === 'suspended' && access.ownUser !== 'credits.read') return 403;
      const isAlice = caller === 'user' || caller === 'suspended';
      return isAlice ? null : 404;
    }
    case 'admin': {
      if (!isAdmin) return 403;
      if (caller === 'admin') return null;
      const granted: Readonly<Record<string, readonly string[]>> = {
        support: ['admin.read'],
        finance: ['admin.read', 'admin.adjust', 'admin.refund', 'admin.report'],
      };
      return granted[caller]?.includes(access.permission) ? null : 403;
    }
  }
}

/** The route's path for Alice's things. */
function pathOf(route: Route): string {
  return route.path.replace('{userId}', 'alice').replace(/\{\w+\}/g, 'missing');
}
