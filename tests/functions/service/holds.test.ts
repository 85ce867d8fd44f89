import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdRoutes } from '#lib/contract/routes/holds';
import { serviceRoutes } from '#lib/contract/routes/service';
import { hold, holdList, holdMovement, userBalance } from '#lib/contract/wire';
import { verify } from '#lib/ledger/verify';
import { openBackend } from '#tests/functions/service/backend';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const START = '2026-03-01T12:00:00.000Z';
const after = (seconds: number) => new Date(Date.parse(START) + seconds * 1_000).toISOString();

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());

/** A user with credits, and the calls of their holds. */
async function userWith(userId: string, amount: number, terms: object = {}) {
  const backend = openBackend(store, START);
  const params = { userId };
  const end =
    (route: typeof holdRoutes.captureHold | typeof holdRoutes.releaseHold) =>
    (holdId: string, key?: string, asked = {}) =>
      backend.call(route, {
        params: { userId, hold_id: holdId },
        ...(route.name === 'captureHold' && { body: asked }),
        ...(key !== undefined && { key }),
      });
  await backend.call(serviceRoutes.addCredits, {
    params,
    body: { amount, description: 'Start', ...terms },
  });
  return {
    at: backend.at,
    place: (body: object, key?: string) =>
      backend.call(holdRoutes.placeHold, {
        params,
        body: { description: 'Import 1,000 leads', ...body },
        ...(key !== undefined && { key }),
      }),
    capture: end(holdRoutes.captureHold),
    release: end(holdRoutes.releaseHold),
    spend: (spent: number) =>
      backend.call(serviceRoutes.deductCredits, {
        params,
        body: { amount: spent, description: 'Spend' },
      }),
    async balance() {
      const { body } = await backend.call(serviceRoutes.getUserBalance, { params });
      const { credits_balance, credits_held, credits_available } = userBalance.parse(body);
      return [credits_balance, credits_held, credits_available];
    },
    async list(query = '') {
      const { body } = await backend.call(holdRoutes.listHolds, { params, query });
      return holdList.parse(body);
    },
    async proof() {
      const head = await store.ledger.loadHead({ userId, creditType: 'general' });
      return verify(head, await store.ledger.loadEntries(userId));
    },
  };
}

const holdIn = (body: object) => holdMovement.parse(body).hold;

describe('holds of 1,000 on 5,000', () => {
  test('fit five times; the sixth is refused with what is missing', async () => {
    const user = await userWith('six', 5_000);
    for (let n = 1; n <= 5; n += 1) {
      expect((await user.place({ amount: 1_000 }, `job-${n}`)).status).toBe(201);
    }
    const sixth = await user.place({ amount: 1_000 }, 'job-6');
    expect(sixth).toMatchObject({
      status: 402,
      body: { code: 'INSUFFICIENT_CREDITS', required: 1_000, available: 0, shortfall: 1_000 },
    });
    expect(await user.balance()).toEqual([5_000, 5_000, 0]);
  });

  test('fit five times when all six come at once', async () => {
    const user = await userWith('race', 5_000);
    const placed = await Promise.all(
      Array.from({ length: 6 }, (_, n) => user.place({ amount: 1_000 }, `job-${n}`)),
    );
    expect(placed.map(({ status }) => status).toSorted()).toEqual([201, 201, 201, 201, 201, 402]);
    expect(await user.balance()).toEqual([5_000, 5_000, 0]);
    expect(await user.proof()).toEqual([]);
  });
});

describe('a hold', () => {
  test('is the same hold when its request comes again, and says so after it has ended', async () => {
    const user = await userWith('again', 100);
    const first = await user.place({ amount: 40, expires_in: 60 }, 'job');
    const { hold_id: id } = holdIn(first.body);
    await user.capture(id, 'done');
    const again = await user.place({ amount: 40, expires_in: 60 }, 'job');
    expect(again).toEqual({ ...first, replayed: true, headers: again.headers });
    const other = await user.place({ amount: 41, expires_in: 60 }, 'job');
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(await user.balance()).toEqual([60, 0, 60]);
  });

  test('lasts an hour, seven days at most, and never from the past', async () => {
    const user = await userWith('long', 100);
    expect(holdIn((await user.place({ amount: 1 })).body).expires_at).toBe(after(3_600));
    const week = 7 * 86_400;
    expect((await user.place({ amount: 1, expires_in: week })).status).toBe(201);
    const tooLong = { code: 'HOLD_TOO_LONG', limit_seconds: week };
    for (const asked of [{ expires_in: week + 1 }, { expires_at: after(week + 1) }]) {
      expect(await user.place({ amount: 1, ...asked })).toMatchObject({
        status: 400,
        body: tooLong,
      });
    }
    const past = await user.place({ amount: 1, expires_at: START });
    expect(past).toMatchObject({ status: 400, body: { code: 'ALREADY_EXPIRED' } });
    const both = await user.place({ amount: 1, expires_in: 5, expires_at: after(5) });
    expect(both).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  });

  test('of some seconds lasts them, placed by a clock that is behind its wallet', async () => {
    const user = await userWith('behind', 10);
    user.at(after(-90));
    const placed = await user.place({ amount: 1, expires_in: 60 });
    expect(placed.status).toBe(201);
    expect(holdIn(placed.body).expires_at).toBe(after(60));
  });

  test('captured for less is spent for what the job cost, named as what it was for', async () => {
    const user = await userWith('less', 100);
    const reference = { type: 'import', id: '77' };
    const placed = await user.place({ amount: 40, reference, metadata: { plan: 'pro' } });
    const { hold_id: id } = holdIn(placed.body);
    const captured = await user.capture(id, 'cost', { amount: 25 });
    expect(captured.body).toMatchObject({
      balance: 75,
      transaction: { type: 'usage', amount: -25, reference, description: 'Import 1,000 leads' },
      hold: { state: 'captured', amount: 40, captured: 25, ended_at: START },
    });
    expect(await user.balance()).toEqual([75, 0, 75]);
  });

  test('captured for more takes what is available, or is refused with both numbers and stays open', async () => {
    const user = await userWith('more', 100);
    const [a, b] = [await user.place({ amount: 40 }), await user.place({ amount: 50 })];
    const id = holdIn(a.body).hold_id;
    expect(await user.capture(id, undefined, { amount: 51 })).toMatchObject({
      status: 402,
      body: { code: 'INSUFFICIENT_CREDITS', required: 51, available: 50, shortfall: 1 },
    });
    expect(holdIn((await user.capture(id, undefined, { amount: 50 })).body).captured).toBe(50);
    expect(await user.balance()).toEqual([50, 50, 0]);
    expect((await user.release(holdIn(b.body).hold_id)).status).toBe(201);
    expect(await user.balance()).toEqual([50, 0, 50]);
  });
});

describe('the end of a hold', () => {
  test('comes once, and each second try is told which it was', async () => {
    const user = await userWith('ends', 100);
    const ids = [];
    for (let n = 0; n < 2; n += 1)
      ids.push(holdIn((await user.place({ amount: 10 })).body).hold_id);
    const [captured = '', released = ''] = ids;
    const first = await user.capture(captured, 'end');
    await user.release(released, 'end');
    const codes = [];
    for (const id of [captured, released]) {
      for (const end of [user.capture, user.release]) {
        const { status, body } = await end(id, 'other');
        codes.push([status, body['code']]);
      }
    }
    expect(codes).toEqual([
      [409, 'HOLD_ALREADY_CAPTURED'],
      [409, 'HOLD_ALREADY_CAPTURED'],
      [409, 'HOLD_ALREADY_RELEASED'],
      [409, 'HOLD_ALREADY_RELEASED'],
    ]);
    const again = await user.capture(captured, 'end');
    expect(again).toEqual({ ...first, replayed: true, headers: again.headers });
    expect(await user.balance()).toEqual([90, 0, 90]);
  });

  test('comes once when ten captures and ten releases come at the same time', async () => {
    const user = await userWith('clash', 100);
    const { hold_id: id } = holdIn((await user.place({ amount: 30 })).body);
    const ends = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 2 === 0 ? user.capture(id, `key-${n}`) : user.release(id, `key-${n}`),
      ),
    );
    const done = ends.filter(({ status }) => status === 201);
    expect(done).toHaveLength(1);
    const { state } = holdIn(done[0]?.body ?? {});
    const code = state === 'captured' ? 'HOLD_ALREADY_CAPTURED' : 'HOLD_ALREADY_RELEASED';
    const refused = ends.filter(({ status }) => status !== 201);
    expect(refused.map(({ body }) => body['code'])).toEqual(refused.map(() => code));
    expect(await user.balance()).toEqual(state === 'captured' ? [70, 0, 70] : [100, 0, 100]);
    expect(await user.proof()).toEqual([]);
  });

  test('comes by itself, to the millisecond, although nobody has swept', async () => {
    const user = await userWith('late', 100);
    const { hold_id: id } = holdIn((await user.place({ amount: 100, expires_in: 60 })).body);
    user.at('2026-03-01T12:00:59.999Z');
    expect((await user.list('state=open')).holds).toHaveLength(1);
    expect(await user.balance()).toEqual([100, 100, 0]);
    user.at(after(60));
    expect((await user.list()).holds).toMatchObject([
      { hold_id: id, state: 'expired', captured: 0, ended_at: after(60) },
    ]);
    expect((await user.list('state=open')).holds).toEqual([]);
    expect(await user.balance()).toEqual([100, 0, 100]);
    for (const end of [user.capture, user.release]) {
      expect(await end(id)).toMatchObject({ status: 409, body: { code: 'HOLD_EXPIRED' } });
    }
    expect((await user.spend(100)).status).toBe(201);
    // A clock that is behind does not bring it back.
    user.at(after(30));
    expect(await user.capture(id)).toMatchObject({ body: { code: 'HOLD_EXPIRED' } });
    expect(await user.proof()).toEqual([]);
  });

  test('after its credits have expired captures them, or lets them go', async () => {
    const user = await userWith('pinned', 100, { expires_at: after(60) });
    const [a, b] = [await user.place({ amount: 40 }), await user.place({ amount: 50 })];
    user.at(after(120));
    expect(await user.balance()).toEqual([90, 90, 0]);
    expect((await user.capture(holdIn(a.body).hold_id)).body).toMatchObject({ balance: 50 });
    expect((await user.release(holdIn(b.body).hold_id)).status).toBe(201);
    expect(await user.balance()).toEqual([0, 0, 0]);
    expect(await user.proof()).toEqual([]);
  });

  test('of another user’s hold is that of a missing one', async () => {
    const [owner, stranger] = [await userWith('owner', 10), await userWith('stranger', 10)];
    const { hold_id: id } = holdIn((await owner.place({ amount: 5 })).body);
    expect((await stranger.capture(id)).status).toBe(404);
    expect((await stranger.release('hld_none')).status).toBe(404);
    expect(await owner.balance()).toEqual([10, 5, 5]);
  });
});

test('a list shows every hold once, newest first, while more come in', async () => {
  const user = await userWith('list', 100);
  const ids = [];
  for (let n = 1; n <= 5; n += 1) {
    user.at(after(n));
    ids.unshift(holdIn((await user.place({ amount: n })).body).hold_id);
  }
  await user.capture(ids[1] ?? '');
  const first = await user.list('limit=2');
  expect(first.pagination).toMatchObject({ total: 5, total_pages: 3 });
  user.at(after(9));
  await user.place({ amount: 9 });
  const second = await user.list(`cursor=${String(first.pagination.next_cursor)}`);
  const third = await user.list(`cursor=${String(second.pagination.next_cursor)}`);
  expect(third.pagination.next_cursor).toBeNull();
  const seen = [first, second, third].flatMap(({ holds }) => holds);
  expect(seen.map((each) => each.hold_id)).toEqual(ids);
  expect(seen.map((each) => hold.parse(each).state)).toEqual([
    'open',
    'captured',
    'open',
    'open',
    'open',
  ]);
  expect((await user.list('state=open&limit=2&page=2')).holds.map((each) => each.amount)).toEqual([
    3, 2,
  ]);
});
