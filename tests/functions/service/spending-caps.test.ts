import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { holdRoutes } from '#lib/contract/routes/holds';
import { serviceRoutes } from '#lib/contract/routes/service';
import { transferRoutes } from '#lib/contract/routes/transfers';
import { batch, hold } from '#lib/contract/wire';
import { verify } from '#lib/ledger/verify';
import { SETTINGS_REMEMBERED_MS } from '#lib/store/remembered-settings';
import type { SettingValue } from '#lib/settings/settings';
import { openBackend, tallyOf, untilKnown } from '#tests/functions/service/backend';
import { type Cost, openTestLedger, type TestLedger } from '#tests/support/ledger';
import { setSetting } from '#tests/support/settings';
import { inTimeZone } from '#tests/support/time-zone';

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());
beforeEach(() => setCaps([]));

const NOON = '2026-03-01T12:00:00.000Z';
const setCaps = (caps: SettingValue<'spending_caps'>) =>
  setSetting(store.ledger, 'spending_caps', caps);
const capOf = (credits: number, period: 'hour' | 'day' = 'hour') => ({
  credit_type: 'general' as const,
  period,
  credits,
});

/** One instance of the service function with a user who has so many credits. */
async function userWith(userId: string, amount: number) {
  const backend = openBackend(store, NOON);
  const params = { userId };
  const keyed = (key?: string) => (key === undefined ? {} : { key });
  await backend.call(serviceRoutes.addCredits, {
    params,
    body: { amount, description: 'Start', category: 'paid' },
  });
  return {
    at: backend.at,
    deduct: (credits: number, key?: string) =>
      backend.call(serviceRoutes.deductCredits, {
        params,
        body: { amount: credits, description: 'Call a lead' },
        ...keyed(key),
      }),
    batch: (amounts: readonly number[], options: { readonly partial: boolean }, key?: string) =>
      backend.call(transferRoutes.deductBatch, {
        params,
        body: {
          spends: amounts.map((each, place) => ({
            amount: each,
            description: 'Call a lead',
            idempotency_key: `${userId}-${place}`,
          })),
          ...options,
        },
        ...keyed(key),
      }),
    refund: (transactionId: unknown) =>
      backend.call(serviceRoutes.refundCredits, {
        params,
        body: { transaction_id: transactionId },
      }),
    hold: (credits: number) =>
      backend.call(holdRoutes.placeHold, {
        params,
        body: { amount: credits, description: 'Call', expires_in: 86_400 },
      }),
    capture: (holdId: string, credits?: number) =>
      backend.call(holdRoutes.captureHold, {
        params: { ...params, hold_id: holdId },
        body: credits === undefined ? {} : { amount: credits },
      }),
    async provenHead() {
      const head = await store.ledger.loadHead({ userId, creditType: 'general' });
      expect(verify(head, await store.ledger.loadEntries(userId))).toEqual([]);
      return head;
    },
  };
}

const refused = (fields: object) => ({
  status: 429,
  body: { code: 'SPENDING_CAP', ...fields },
});

describe('a spending cap', () => {
  test('64 spends at once never exceed it, and the wallet proves it', async () => {
    await setCaps([capOf(10)]);
    const user = await userWith('raced', 1_000);
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) => untilKnown(() => user.deduct(1, `lead-${n}`))),
    );
    expect(tallyOf(answers)).toEqual({ done: 10, SPENDING_CAP: 54 });
    expect(await user.provenHead()).toMatchObject({ balance: 990, spent: { hour: 10, day: 10 } });
  });

  test('says when it ends, in the answer and as Retry-After, and ends then', async () => {
    await setCaps([capOf(10)]);
    const user = await userWith('waits', 100);
    user.at('2026-03-01T12:20:00.000Z');
    await user.deduct(8);
    const answer = await user.deduct(3);
    expect(answer).toMatchObject(
      refused({
        period: 'hour',
        limit: 10,
        used: 8,
        held: 0,
        resets_at: '2026-03-01T13:00:00.000Z',
      }),
    );
    expect(answer.headers['retry-after']).toBe('2400');
    expect((await user.deduct(2)).status).toBe(201);
    user.at('2026-03-01T12:59:59.999Z');
    expect((await user.deduct(1)).status).toBe(429);
    user.at('2026-03-01T13:00:00.000Z');
    expect((await user.deduct(10)).status).toBe(201);
  });

  test('of a day goes on where that of an hour ends: the later end is told', async () => {
    await setCaps([capOf(5), capOf(8, 'day')]);
    const user = await userWith('two-caps', 100);
    await user.deduct(5);
    expect(await user.deduct(1)).toMatchObject(refused({ period: 'hour', used: 5 }));
    user.at('2026-03-01T13:00:00.000Z');
    await user.deduct(3);
    const end = { period: 'day', used: 8, resets_at: '2026-03-02T00:00:00.000Z' };
    expect(await user.deduct(3)).toMatchObject(refused(end));
  });

  test('is of one credit type, and a replay comes before it', async () => {
    await setCaps([capOf(5), { ...capOf(0), credit_type: 'calling' }]);
    const user = await userWith('replays', 100);
    const first = await user.deduct(5, 'key');
    expect((await user.deduct(5)).status).toBe(429);
    const again = await user.deduct(5, 'key');
    expect(again).toMatchObject({ status: 201, replayed: true, body: first.body });
  });

  test('gets no room back from a refund', async () => {
    await setCaps([capOf(5)]);
    const user = await userWith('refunded', 100);
    const spent = await user.deduct(5);
    expect((await user.refund(spent.body['transaction_id'])).status).toBe(201);
    expect((await user.deduct(1)).status).toBe(429);
  });

  test.each([
    ['2026-03-29', 'the 23 hours of a day in Berlin', 'Europe/Berlin'],
    ['2026-10-25', 'the 25 hours of a day in Berlin', 'Europe/Berlin'],
    ['2026-11-01', 'the 25 hours of a day in New York', 'America/New_York'],
  ])('has 24 hours on %s, %s: hours and days are of UTC', async (date, _, zone) => {
    inTimeZone(zone);
    await setCaps([capOf(1), capOf(23, 'day')]);
    const user = await userWith(`dst-${date}`, 100);
    for (let hour = 0; hour < 24; hour += 1) {
      const time = `${date}T${String(hour).padStart(2, '0')}`;
      user.at(`${time}:00:00.000Z`);
      expect((await user.deduct(1)).status).toBe(hour < 23 ? 201 : 429);
      user.at(`${time}:59:59.999Z`);
      expect((await user.deduct(1)).status).toBe(429);
    }
    user.at(new Date(Date.parse(date) + 86_400_000).toISOString());
    expect((await user.deduct(1)).status).toBe(201);
  });
});

describe('a hold under a spending cap', () => {
  test('counts as spent from the start, so that its capture is never refused', async () => {
    await setCaps([capOf(10)]);
    const user = await userWith('held', 100);
    const placed = await user.hold(8);
    expect(placed.status).toBe(201);
    expect(await user.deduct(3)).toMatchObject(refused({ used: 0, held: 8 }));
    expect(await user.hold(3)).toMatchObject(refused({ used: 0, held: 8 }));
    await user.deduct(2);
    // The cap falls below what is set aside: the work is done all the same.
    await setCaps([capOf(1)]);
    user.at('2026-03-01T12:30:00.000Z');
    const { hold_id: holdId } = hold.parse(placed.body['hold']);
    expect(await user.capture(holdId, 9)).toMatchObject(refused({ limit: 1, used: 2, held: 8 }));
    expect((await user.capture(holdId)).status).toBe(201);
    expect(await user.provenHead()).toMatchObject({ balance: 90, spent: { hour: 10, day: 10 } });
  });
});

describe('a batch under a spending cap', () => {
  test('is refused as a whole with all that it needs', async () => {
    await setCaps([capOf(10)]);
    const user = await userWith('batch-all', 100);
    expect(await user.batch([4, 4, 4], { partial: false })).toMatchObject(
      refused({ limit: 10, used: 0, spend_index: 2 }),
    );
    expect((await user.provenHead()).balance).toBe(100);
  });

  test('does what fits, and a replay refuses what the first run refused', async () => {
    await setCaps([capOf(10)]);
    const user = await userWith('batch-partly', 100);
    const first = await user.batch([4, 4, 4, 2], { partial: true }, 'batch');
    expect(first.status).toBe(201);
    const { results } = batch.parse(first.body);
    expect(results.map(({ status }) => status)).toEqual(['spent', 'spent', 'refused', 'spent']);
    expect(results[2]?.refusal).toEqual({
      code: 'SPENDING_CAP',
      period: 'hour',
      limit: 10,
      used: 8,
      held: 0,
      resets_at: '2026-03-01T13:00:00.000Z',
    });
    user.at('2026-03-01T14:00:00.000Z');
    const again = await user.batch([4, 4, 4, 2], { partial: true }, 'batch');
    expect(again).toMatchObject({ replayed: true, body: first.body });
  });
});

describe('what a cap costs', () => {
  const SPEND: Cost = {
    calls: ['BatchGetItem', 'TransactWriteItems'],
    readUnits: 2,
    writeUnits: 6,
  };

  test.each([
    ['with no cap set', []],
    ['with two caps', [capOf(50), capOf(90, 'day')]],
  ])('nothing, %s: the setting is read along once a second', async (name, caps) => {
    await setCaps(caps);
    const user = await userWith(`cost-${name.length}`, 100);
    const costs: Cost[] = [];
    for (const ms of [0, SETTINGS_REMEMBERED_MS - 1, SETTINGS_REMEMBERED_MS]) {
      user.at(new Date(Date.parse(NOON) + ms).toISOString());
      costs.push((await store.measure(() => user.deduct(1))).cost);
    }
    expect(costs).toEqual([{ ...SPEND, readUnits: 3 }, SPEND, { ...SPEND, readUnits: 3 }]);
    const { cost } = await store.measure(() => user.deduct(99));
    expect(cost).toMatchObject({ calls: ['BatchGetItem'], writeUnits: 0 });
  });

  test('a change of it counts a second later at the latest', async () => {
    const user = await userWith('changed', 100);
    await user.deduct(5);
    await setCaps([capOf(5)]);
    user.at(new Date(Date.parse(NOON) + SETTINGS_REMEMBERED_MS).toISOString());
    expect((await user.deduct(1)).status).toBe(429);
  });
});
