import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { refusedAttemptRecord } from '#lib/admin/audit-record';
import { countRefusals, type RecordRefusal } from '#lib/admin/count-refusals';
import type { Group } from '#lib/identity/permissions';
import { permissionTable } from '#lib/identity/permissions';
import type { Caller, CallerKind } from '#lib/identity/caller';
import { allRoutes } from '#lib/contract/routes';
import { apiHandler } from '#lib/http/api-handler';
import { context, httpEvent, NOW, testRuntime } from '#tests/http/events';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const adminRoutes = allRoutes.filter(({ access }) => access.kind === 'admin');

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});

afterEach(() => {
  vi.useRealTimers();
});

let office: ReturnType<typeof open>;
beforeEach(() => {
  office = open(countRefusals(test.ledger));
});

/** The admin routes, each answering 200 to whoever may; a token is `kind-group-name`. */
function open(recordRefusal: RecordRefusal) {
  const runtime = testRuntime();
  const endpoints = adminRoutes.map((route) => ({
    route,
    handle: async () => ({ status: 200, body: {} }),
  }));
  const dependencies = {
    verifyToken: async (sub: string) => ({ kind: 'verified' as const, caller: callerOf(sub) }),
    recordRefusal,
  };
  const handle = apiHandler(endpoints, () => dependencies, runtime);
  return {
    lines: runtime.lines,
    async call(route: (typeof adminRoutes)[number], token: string) {
      const params = { userId: 'bob', id: 'x' };
      return (await handle(httpEvent(route, { params, token }), context())).statusCode;
    },
  };
}

function callerOf(token: string): Caller {
  const kinds: readonly CallerKind[] = ['user', 'admin', 'service'];
  const [name, group = 'none'] = token.split('-');
  const kind = kinds.find((each) => each === name) ?? 'anonymous';
  const scopes = new Set(kind === 'service' ? ['credits/write'] : []);
  return { kind, sub: token, clientId: 'any', groups: new Set([group]), scopes };
}

/** What stands on record of an actor's refusals on a route in this minute. */
async function attemptsOf(actor: string, action: string): Promise<number> {
  const who = { actor, groups: [], sourceIp: null, requestId: 'any', at: NOW };
  const { at, id: auditId } = refusedAttemptRecord(who, { action, code: 'FORBIDDEN' });
  const id = { at, auditId };
  return (await test.ledger.load([{ record: 'audit', id }]))('audit', id)?.value.attempts ?? 0;
}

it.each([
  'user-none',
  'user-admin',
  'service-any',
  'admin-none',
  'admin-support',
  'admin-finance',
  'admin-admin',
  'admin-suspended',
])(
  'lets %s do what the permission of each route says, and puts every refusal on record',
  async (token) => {
    const [kind, group] = token.split('-');
    for (const route of adminRoutes) {
      const { access } = route;
      if (access.kind === 'public' || access.kind === 'service') throw new Error('not of admins');
      const { who } = permissionTable[access.permission];
      const groups: readonly Group[] = who === 'everyone' ? [] : who;
      const may = kind === 'admin' && groups.some((each) => each === group);
      const answer = await office.call(route, token);
      const attempts = await attemptsOf(`${String(kind)}:${token}`, route.name);
      const expected = may ? { answer: 200, attempts: 0 } : { answer: 403, attempts: 1 };
      expect({ route: route.name, answer, attempts }).toEqual({ route: route.name, ...expected });
    }
  },
);

it('counts an attacker who hammers in one record, at the cost of a few writes', async () => {
  const [route] = adminRoutes;
  if (!route) throw new Error('there are admin routes');
  const { cost } = await test.measure(async () => {
    for (let attempt = 0; attempt < 1_000; attempt += 1) await office.call(route, 'user-hammer');
  });
  // 1, 2, 4 ... 512: the record says at least half of what there was.
  expect(await attemptsOf('user:user-hammer', route.name)).toBe(512);
  expect(cost.calls.filter((call) => call === 'TransactWriteItems')).toHaveLength(10);
});

it('adds up what several instances have seen', async () => {
  const [route] = adminRoutes;
  if (!route) throw new Error('there are admin routes');
  const instances = Array.from({ length: 4 }, () => open(countRefusals(test.ledger)));
  await Promise.all(instances.map((instance) => instance.call(route, 'user-many')));
  expect(await attemptsOf('user:user-many', route.name)).toBe(4);
});

it.each([
  ['fails', async () => Promise.reject(new Error('the table is down'))],
  ['never answers', () => new Promise<void>(() => undefined)],
])('refuses all the same, and says so in the log, when the record %s', async (_how, record) => {
  const [route] = adminRoutes;
  if (!route) throw new Error('there are admin routes');
  vi.useFakeTimers();
  const broken = open(record);
  const answer = broken.call(route, 'user-none');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await answer).toBe(403);
  expect(broken.lines.filter(({ level }) => level === 'error')).toMatchObject([
    { message: 'a refused attempt is not on record', fields: { code: 'FORBIDDEN' } },
  ]);
});

it('is not forgotten by a function that serves admins: without a record it does not start', async () => {
  const [route] = adminRoutes;
  if (!route) throw new Error('there are admin routes');
  const endpoint = { route, handle: async () => ({ status: 200, body: {} }) };
  const verifyToken = async () => ({ kind: 'verified' as const, caller: callerOf('admin-admin') });
  const handle = apiHandler([endpoint], () => ({ verifyToken }), testRuntime());
  expect((await handle(httpEvent(route, { token: 'any' }), context())).statusCode).toBe(500);
});
