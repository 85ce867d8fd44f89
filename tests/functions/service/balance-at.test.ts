import { afterAll, beforeAll, expect, test } from 'vitest';
import { getBalance } from '#functions/wallet/get-balance';
import { adminUserRoutes } from '#lib/contract/routes/admin-users';
import { holdRoutes } from '#lib/contract/routes/holds';
import { serviceRoutes } from '#lib/contract/routes/service';
import { transferRoutes } from '#lib/contract/routes/transfers';
import { walletRoutes } from '#lib/contract/routes/wallet';
import { holdMovement, userBalance } from '#lib/contract/wire';
import { apiHandler } from '#lib/http/api-handler';
import { toBalanceAt, toUserBalance } from '#lib/http/wallet-resource';
import { replay } from '#lib/ledger/replay';
import { emptyHead } from '#lib/ledger/wallet';
import { createBalanceReader } from '#lib/wallets/read-balance';
import { openOffice } from '#tests/functions/admin/office';
import { bodyOf, codeOf } from '#tests/functions/purchases/shop';
import { openBackend } from '#tests/functions/service/backend';
import { context, httpEvent, testRuntime } from '#tests/http/events';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const START = Date.parse('2026-03-01T12:00:00.000Z');
const WALLET = { userId: 'alice', creditType: 'general' };
const params = { userId: 'alice' };
const at = (minute: number) => new Date(START + minute * 60_000).toISOString();

let store: TestLedger;
let backend: ReturnType<typeof openBackend>;
beforeAll(async () => {
  store = await openTestLedger();
  backend = openBackend(store);
});
afterAll(() => store.close());

const balance = async (query = '') =>
  (await backend.call(serviceRoutes.getUserBalance, { params, query })).body;

/** A busy life of more than three hundred entries; after each act, what a reader saw at that minute. */
async function live(): Promise<ReadonlyMap<number, object>> {
  const seen = new Map<number, object>();
  let minute = 0;
  const act = async (call: Promise<unknown>): Promise<void> => {
    await call;
    seen.set(minute, await balance());
    // Most steps leave room for something to expire between them.
    minute += 7;
    backend.at(at(minute));
  };
  backend.at(at(0));
  for (let round = 0; round < 9; round += 1) {
    const expiry = { expires_at: at(minute + 20), category: 'promotional' };
    for (const terms of [{ category: 'paid' }, expiry]) {
      const body = { amount: 60, description: 'Start', priority: round % 3, ...terms };
      await act(backend.call(serviceRoutes.addCredits, { params, body }));
    }
    const hold = { amount: 50, description: 'Job', expires_in: round % 3 === 0 ? 300 : 86_400 };
    const placing = backend.call(holdRoutes.placeHold, { params, body: hold });
    await act(placing);
    const spends = Array.from({ length: 30 }, (_, n) => ({
      amount: 1,
      description: 'Spend',
      idempotency_key: `${round}-${n}`,
    }));
    await act(backend.call(transferRoutes.deductBatch, { params, body: { spends } }));
    const { hold_id } = holdMovement.parse((await placing).body).hold;
    const ended = round % 2 === 0 ? holdRoutes.captureHold : holdRoutes.releaseHold;
    const body = round % 2 === 0 ? { body: { amount: 20 } } : {};
    await act(backend.call(ended, { params: { ...params, hold_id }, ...body }));
  }
  return seen;
}

test('the balance of a past instant is what was seen then, and what the entries rebuild', async () => {
  const seen = await live();
  const entries = (await store.ledger.loadEntries('alice')).toSorted((a, b) => a.seq - b.seq);
  expect(entries.length).toBeGreaterThan(300);

  for (const [minute, then] of seen) {
    const {
      at: asked,
      grants = [],
      ...told
    } = userBalance.parse(await balance(`at=${at(minute)}`));
    expect(told).toEqual(then);
    expect(asked).toBe(at(minute));
    expect(grants.reduce((sum, grant) => sum + grant.remaining, 0)).toBe(told.credits_balance);
    expect(grants.reduce((sum, grant) => sum + grant.held, 0)).toBe(told.credits_held);
  }

  const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);
  const last = Math.max(...seen.keys());
  backend.at(at(last + 20));
  const instants = Array.from({ length: 200 }, (_, n) =>
    // Some before the wallet began, some between two minutes.
    at(((seed * 7_919 + n * 104_729) % ((last + 20) * 1_000)) / 1_000 - 10),
  );
  for (const instant of instants) {
    const then = replay(
      emptyHead(WALLET),
      entries.filter((entry) => entry.createdAt <= instant),
    );
    const expected = toUserBalance('alice', toBalanceAt(then, instant));
    expect(await balance(`at=${instant}`), `SEED=${seed}, ${instant}`).toEqual(expected);
  }
});

test('before the wallet all is zero, and the future is refused', async () => {
  expect(await balance(`at=${at(-1)}`)).toMatchObject({
    credits_balance: 0,
    credits_held: 0,
    total_purchased: 0,
    version: 0,
    grants: [],
  });
  const ahead = await backend.call(serviceRoutes.getUserBalance, {
    params,
    query: `at=${at(1_000_000)}`,
  });
  expect(ahead).toMatchObject({
    status: 400,
    body: { code: 'VALIDATION_FAILED', errors: [{ field: 'at' }] },
  });
});

test('users and admins see what services see, users of themselves alone', async () => {
  const now = at(100_000);
  const instant = at(200);
  const query = `at=${instant}`;
  const told = userBalance.parse(await balance(query));
  expect(told.grants?.length).toBeGreaterThan(0);

  const support = openOffice(store, { group: 'support' });
  support.at(now);
  const seen = await support.call(adminUserRoutes.lookUpBalance, { params, query });
  expect(bodyOf(adminUserRoutes.lookUpBalance, 200, seen)).toEqual(told);
  const newest = await support.call(adminUserRoutes.lookUpBalance, { params });
  backend.at(now);
  expect(bodyOf(adminUserRoutes.lookUpBalance, 200, newest)).toEqual(await balance());
  const ahead = { params, query: `at=${at(100_001)}` };
  expect(codeOf(await support.call(adminUserRoutes.lookUpBalance, ahead))).toBe(
    'VALIDATION_FAILED',
  );

  const asUser = async (sub: string) => {
    const caller = {
      kind: 'user' as const,
      sub,
      clientId: 'app',
      groups: new Set<string>(),
      scopes: new Set<string>(),
    };
    const dependencies = {
      verifyToken: async () => ({ kind: 'verified' as const, caller }),
      balances: createBalanceReader(store.ledger),
      history: store.history,
      ledger: store.ledger,
      openapi: async () => ({ openapi: '' }),
      eventSchemas: async () => ({ source: '' }),
    };
    const runtime = { ...testRuntime(), now: () => new Date(now) };
    const handle = apiHandler([getBalance], () => dependencies, runtime);
    const event = httpEvent(walletRoutes.getBalance, { token: sub, query });
    return bodyOf(walletRoutes.getBalance, 200, await handle(event, context()));
  };
  // Services are told whose it is, too.
  expect(told).toEqual({ user_id: 'alice', balance: told.balance, ...(await asUser('alice')) });
  expect(await asUser('bob')).toMatchObject({ credits_balance: 0, version: 0, grants: [] });
});
