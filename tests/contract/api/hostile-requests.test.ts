import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allRoutes } from '#lib/contract/routes';
import type { Route } from '#lib/contract/route';
import { anonymous, type Caller } from '#lib/identity/caller';
import { serviceRoutes } from '#lib/contract/routes/service';
import { BODY_BYTES_MAX } from '#lib/http/parse-request';
import {
  HOSTILE_BODIES,
  HOSTILE_CURSORS,
  HOSTILE_FILES,
  HOSTILE_JSON,
  HOSTILE_KEYS,
  HOSTILE_TEXTS,
} from '#tests/contract/api/hostile-values';
import { openRealFunctions, type Request } from '#tests/contract/api/real-functions';
import { fields, goodInputs } from '#tests/contract/api/route-fields';

/*
 * Everything hostile, in every place of every route of the contract, against the functions themselves: none of it may
 * be our mistake (5xx), and what is refused must leave no trace. Both lists come from the contract and from the good
 * values of its fields, so a new route is here the day it appears.
 */

let functions: Awaited<ReturnType<typeof openRealFunctions>>;
beforeAll(async () => {
  functions = await openRealFunctions();
});
afterAll(() => functions.close());

type Spot = readonly (string | number)[];

/** Every place of a value, from the whole down to its leaves. */
function spotsOf(value: unknown, spot: Spot = []): readonly Spot[] {
  if (typeof value !== 'object' || value === null) return [spot];
  const members = Object.entries(value).flatMap(([name, member]: [string, unknown]) =>
    spotsOf(member, [...spot, name]),
  );
  return spot.length === 0 ? members : [spot, ...members];
}

/** JSON with other text in one place. */
function jsonWith(value: unknown, [next, ...rest]: Spot, json: string): string {
  if (next === undefined) return json;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]: [string, unknown]) => {
    const text = name === String(next) ? jsonWith(member, rest, json) : JSON.stringify(member);
    return Array.isArray(value) ? text : `${JSON.stringify(name)}:${text}`;
  });
  return Array.isArray(value) ? `[${members.join(',')}]` : `{${members.join(',')}}`;
}

function requestOf(route: Route, { params, query, body }: ReturnType<typeof goodInputs>): Request {
  return {
    params,
    query: new URLSearchParams(query).toString(),
    ...(route.hasBody && { body: JSON.stringify(body) }),
  };
}

/** What is well formed leads to providers, queues and files that are not here: there only what is not is sent. */
const leadsAway = (route: Route): boolean =>
  ['purchases', 'subscriptions'].includes(route.function) ||
  ['startBulk', 'startReconciliation', 'refundProject', 'exportTransactions'].includes(route.name);

function isWellFormed(route: Route, { body, params, query = '' }: Request): boolean {
  const sent = body === undefined ? {} : parsed(body);
  return (
    route.params.safeParse(params ?? {}).success &&
    route.query.safeParse(Object.fromEntries(new URLSearchParams(query))).success &&
    route.body.safeParse(sent).success
  );
}

function parsed(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    return value;
  } catch {
    return undefined;
  }
}

/** Sends a request that may not be our mistake, and that leaves no trace if it is refused. */
async function expectNoHarm(route: Route, request: Request, about: string): Promise<number> {
  if (leadsAway(route) && isWellFormed(route, request)) return 0;
  const { code, status, writes } = await functions.send(route, request);
  const seen = { about: about.slice(0, 80), status, code, writes };
  if (status < 400) return status;
  expect(seen).toEqual({ ...seen, writes: 0 });
  expect(status, JSON.stringify(seen)).toBeLessThan(500);
  return status;
}

async function expectRefusal(route: Route, request: Request, about: string): Promise<void> {
  const { code, status, writes } = await functions.send(route, request);
  const seen = { about, status, code, writes };
  expect(seen).toEqual({ ...seen, writes: 0 });
  expect([400, 404, 413, 415], JSON.stringify(seen)).toContain(status);
}

const texts = HOSTILE_TEXTS.map((text) => JSON.stringify(text));

describe('no hostile value in any place of a route is our mistake, and what is refused leaves no trace:', () => {
  test.each(allRoutes)('$name', async (route) => {
    for (const spot of spotsOf(goodInputs(route).body)) {
      const inputs = goodInputs(route, String(spot[0]));
      for (const json of [...HOSTILE_JSON, ...texts]) {
        const body = jsonWith(inputs.body, spot, json);
        await expectNoHarm(
          route,
          { ...requestOf(route, inputs), body },
          `${spot.join('.')}: ${json}`,
        );
      }
    }
    for (const part of ['params', 'query'] as const) {
      for (const name of Object.keys(goodInputs(route)[part])) {
        const inputs = goodInputs(route, name);
        for (const text of HOSTILE_TEXTS) {
          const changed = { ...inputs, [part]: { ...inputs[part], [name]: text } };
          await expectNoHarm(route, requestOf(route, changed), `${part}.${name}: ${text}`);
        }
      }
    }
  });
});

describe('a body that is none of ours is refused by every route that takes one, without a trace:', () => {
  test.each(allRoutes.filter(({ hasBody }) => hasBody))('$name', async (route) => {
    const good = requestOf(route, goodInputs(route));
    for (const [about, body] of HOSTILE_BODIES)
      await expectRefusal(route, { ...good, body }, about);
    const twice = (good.body ?? '').replace(/^{("[^"]+":)/, '{$1null,$1');
    await expectRefusal(route, { ...good, body: twice }, 'a name that comes twice');
    const tooMuch = `{"x":"${'x'.repeat(route.upload?.bytesMax ?? BODY_BYTES_MAX)}"}`;
    await expectRefusal(route, { ...good, body: tooMuch }, 'more than a body may have');
    const encoded = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('base64');
    const bytes = { ...good, body: encoded, isBase64Encoded: true };
    await expectRefusal(route, bytes, 'bytes that are no UTF-8');
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json;charset=utf-16',
      '',
    ]) {
      await expectRefusal(route, { ...good, headers: { 'content-type': type } }, `type ${type}`);
    }
  });
});

describe('a key that is none is refused by every route that takes one, without a trace:', () => {
  test.each(allRoutes.filter(({ idempotent }) => idempotent))('$name', async (route) => {
    const good = requestOf(route, goodInputs(route));
    for (const key of HOSTILE_KEYS) {
      await expectRefusal(
        route,
        { ...good, headers: { 'idempotency-key': key } },
        JSON.stringify(key),
      );
    }
  });
});

describe('a query that nobody can mean, and a cursor that we never gave, are refused:', () => {
  test.each(allRoutes)('$name', async (route) => {
    const good = requestOf(route, goodInputs(route));
    for (const query of [
      'unknown=1',
      '__proto__=1',
      'constructor[prototype][x]=1',
      'page=1&page=1',
    ]) {
      await expectRefusal(route, { ...good, query }, query);
    }
    if (!fields.some((field) => field.route === route && field.name === 'cursor')) return;
    for (const cursor of HOSTILE_CURSORS) {
      const query = new URLSearchParams({ cursor }).toString();
      await expectRefusal(route, { ...good, query }, cursor);
    }
  });
});

describe('a file that is none of ours is refused by every route that takes one, without a trace:', () => {
  test.each(allRoutes.filter(({ upload }) => upload))('$name', async (route) => {
    const query = 'dry_run=true';
    for (const [about, body] of HOSTILE_FILES) {
      await expectRefusal(route, { query, body, headers: { 'content-type': 'text/csv' } }, about);
    }
    const bytes = Buffer.from([0xff, 0xfe, 0x00]).toString('base64');
    const headers = { 'content-type': 'text/csv' };
    await expectRefusal(route, { query, body: bytes, isBase64Encoded: true, headers }, 'no UTF-8');
  });
});

describe('whoever may not use a route is refused, whatever they send, without a trace:', () => {
  const nobody = { clientId: 'any', groups: new Set<string>(), scopes: new Set<string>() };
  const strangers: readonly Caller[] = [
    anonymous,
    { ...nobody, kind: 'user', sub: 'mallory', groups: new Set(['suspended']) },
    { ...nobody, kind: 'service', sub: 'app' },
    { ...nobody, kind: 'admin', sub: 'mallory', groups: new Set(['not-admin', 'suspended']) },
  ];
  const closed = allRoutes.filter(({ access }) => access.kind !== 'public');
  test.each(closed)('$name', async (route) => {
    const { access } = route;
    const inputs = goodInputs(route);
    // Every person, suspended or not, may look at what is theirs.
    const isOpen = access.kind === 'user' && access.permission === 'credits.read';
    const isPerson = ({ kind }: Caller): boolean => kind === 'user' || kind === 'admin';
    for (const stranger of strangers.filter((each) => !isOpen || !isPerson(each))) {
      const { status, writes } = await functions.send(route, requestOf(route, inputs), stranger);
      const seen = { as: `${stranger.kind}:${stranger.sub}`, status, writes };
      expect(seen).toEqual({ ...seen, writes: 0 });
      expect([401, 403, 404], JSON.stringify(seen)).toContain(status);
    }
  });
});

test('one credit more than there is is refused, without a trace', async () => {
  const of = (amount: number) => ({
    params: { userId: 'edge' },
    body: JSON.stringify({ amount, description: 'x' }),
  });
  expect((await functions.send(serviceRoutes.addCredits, of(5))).status).toBe(201);
  const more = await functions.send(serviceRoutes.deductCredits, of(6));
  expect(more).toEqual({ status: 402, code: 'INSUFFICIENT_CREDITS', writes: 0 });
  const all = await functions.send(serviceRoutes.deductCredits, of(5));
  // Its head and its entry: what is refused is counted by the same count.
  expect(all).toEqual({ status: 201, code: null, writes: 2 });
});
