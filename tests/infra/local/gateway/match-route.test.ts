import { expect, test } from 'vitest';

import { compileRoutes } from '#infra/local/gateway/match-route';
import { routeKey } from '#lib/contract/route';
import { allRoutes } from '#lib/contract/routes';

const match = compileRoutes(
  [
    'GET /credits/{id}',
    'ANY /credits/balance',
    'GET /credits/balance',
    'GET /credits/{proxy+}',
    'POST /users/{userId}/add',
    'GET /{any+}',
  ].map((routeKey) => ({ routeKey })),
);

test.each([
  ['GET', '/credits/balance', 'GET /credits/balance', {}],
  ['PUT', '/credits/balance', 'ANY /credits/balance', {}],
  ['GET', '/credits/7', 'GET /credits/{id}', { id: '7' }],
  ['GET', '/credits/7/lines/2', 'GET /credits/{proxy+}', { proxy: '7/lines/2' }],
  ['GET', '/elsewhere', 'GET /{any+}', { any: 'elsewhere' }],
  ['POST', '/users/a%20b/add', 'POST /users/{userId}/add', { userId: 'a b' }],
])('%s %s goes to %s', (method, path, routeKey, pathParameters) => {
  expect(match({ method, path })).toEqual({ route: { routeKey }, pathParameters });
});

test.each([
  ['POST', '/credits/7'],
  ['POST', '/users//add'],
  ['POST', '/users/1/add/'],
  ['GET', '/'],
])('%s %s has no route', (method, path) => {
  expect(match({ method, path })).toBeUndefined();
});

test('$default takes what no other route takes', () => {
  const withDefault = compileRoutes([{ routeKey: '$default' }, { routeKey: 'GET /a' }]);
  expect(withDefault({ method: 'GET', path: '/a' })?.route.routeKey).toBe('GET /a');
  expect(withDefault({ method: 'PUT', path: '/b' })?.route.routeKey).toBe('$default');
});

test('a route of the API goes before a user who is called like it', () => {
  const matchApi = compileRoutes(allRoutes.map((route) => ({ routeKey: routeKey(route) })));
  const routeOf = (path: string) => matchApi({ method: 'GET', path })?.route.routeKey;
  expect(routeOf('/admin/credits/ada')).toBe('GET /admin/credits/{userId}');
  for (const { method, path } of allRoutes) {
    const isPlain = method === 'GET' && !path.includes('{');
    if (isPlain) expect(routeOf(path)).toBe(`GET ${path}`);
  }
});
