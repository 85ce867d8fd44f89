import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { breaches } from '#tests/faults/invariants';
import type { Life } from '#tests/faults/life';
import { readTable } from '#tests/faults/raw-items';
import { ask, give, REMAINING_MS } from '#tests/faults/scenario';
import { ADMIN, type Heard, request, type Request, user } from '#tests/faults/steps';
import type { RouteName } from '#tests/faults/subjects';
import { START } from '#tests/faults/sweep';
import { createCounter, report } from '#tests/faults/tally';
import { openWorld, type World } from '#tests/faults/world';

/*
 * Many at once (F17), through several instances of the real bundles, whose backoff really waits. Who is told 503 comes
 * again with the same key, as clients are told to.
 */

const INSTANCES = 4;
/** In an ordinary run fewer: all of them really wait for each other. */
const WRITERS = process.env['FAULTS'] === undefined ? 16 : 64;
const DELIVERIES_MAX = 40;

let world: World;
const counter = createCounter();
const instances = new Map<string, readonly Life[]>();
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(START) });
  world = await openWorld();
});
afterAll(async () => {
  report(counter.tallies());
  await world.close();
  vi.useRealTimers();
});

/** An answer, or the refusal in its words. */
type Told = { readonly isDone: boolean; readonly text: string };

/** All of them at once, each until it is answered for good. */
async function race(asked: readonly (readonly [RouteName, Request])[]): Promise<readonly Told[]> {
  return Promise.all(
    asked.map(async ([name, one], at) => {
      const step = request(world, name, one);
      const own = instances.get(step.fn) ?? startInstances(step.fn);
      const deliver = step.begin();
      for (let number = 1; number <= DELIVERIES_MAX; number += 1) {
        const life = own[at % own.length] ?? world.life(step.fn);
        const heard: Heard = await deliver(life, {
          number,
          remainingMs: REMAINING_MS,
        });
        if (heard.kind === 'done') return { isDone: true, text: String(heard.answer) };
        if (heard.kind === 'wrong') return { isDone: false, text: heard.detail };
      }
      throw new Error(`${name} was not answered`);
    }),
  );
}

function startInstances(fn: string): readonly Life[] {
  const own = Array.from({ length: INSTANCES }, () => world.anotherLife(fn, { isPatient: true }));
  instances.set(fn, own);
  return own;
}

/** One race, from an empty table on. */
async function raced(run: () => Promise<void>): Promise<void> {
  await counter.tried('F17', async () => {
    vi.setSystemTime(START);
    await world.reset();
    await run();
  });
}

async function table() {
  const items = await world.items();
  expect(breaches(items)).toEqual([]);
  return readTable(items);
}

describe('at once', () => {
  it(`${WRITERS} writers spend one wallet, 30 % with keys of others: each key once, nobody overdraws`, () =>
    raced(async () => {
      const credits = Math.floor(WRITERS / 2);
      await give(world, 'ann', credits);
      const keys = Array.from({ length: WRITERS }, (_, n) =>
        n % 10 < 3 ? `shared-${n % 4}` : `own-${n}`,
      );
      const told = await race(
        keys.map((key) => [
          'deductCredits',
          {
            key,
            params: { userId: 'ann' },
            body: { amount: 1, description: 'One' },
          },
        ]),
      );
      const done = new Set(keys.filter((_, at) => told[at]?.isDone));
      const refused = told.filter(({ isDone }) => !isDone);
      expect(refused.every(({ text }) => text.includes('INSUFFICIENT_CREDITS'))).toBe(true);
      const { entries, heads } = await table();
      expect(entries.filter(({ type }) => type === 'usage')).toHaveLength(done.size);
      expect(heads).toMatchObject([{ balance: credits - done.size }]);
      expect(done.size).toBe(Math.min(credits, new Set(keys).size));
    }));

  it('many want the last uses of a code: as many get it as it allows', () =>
    raced(async () => {
      const body = { code: 'LASTONES', credits: 10, max_uses: 3 };
      await ask(world, 'createPromoCode', { as: ADMIN, body });
      const told = await race(
        Array.from({ length: 12 }, (_, n) => [
          'redeemCode',
          {
            as: user(`user-${n % 10}`),
            key: `redeem-${n}`,
            body: { code: 'LASTONES' },
          },
        ]),
      );
      expect(told.filter(({ isDone }) => isDone).length).toBe(3);
      const { promos, redemptions } = await table();
      expect(promos).toMatchObject([{ uses: 3 }]);
      expect(redemptions).toHaveLength(3);
    }));

  it('a spend is refunded in full by many while others spend and credits expire: it comes back once', () =>
    raced(async () => {
      await give(world, 'ann', 10, { expires_at: '2026-11-20T12:00:01.000Z' });
      await give(world, 'ann', 20);
      const params = { userId: 'ann' };
      const spent = await ask(world, 'deductCredits', {
        params,
        body: { amount: 8, description: 'Taken back' },
      });
      const transaction_id = spent.text('transaction_id');
      vi.setSystemTime(Date.now() + 2_000);
      const refunds = Array.from({ length: 8 }, (_, n): [RouteName, Request] => [
        'refundCredits',
        { key: `refund-${n}`, params, body: { transaction_id } },
      ]);
      const spends = Array.from({ length: 12 }, (_, n): [RouteName, Request] => [
        'deductCredits',
        { key: `spend-${n}`, params, body: { amount: 3, description: 'Three' } },
      ]);
      const told = await race([...refunds, ...spends]);
      expect(told.slice(0, refunds.length).filter(({ isDone }) => isDone)).toHaveLength(1);
      const { entries } = await table();
      expect(entries.filter(({ type }) => type === 'refund')).toHaveLength(1);
      expect(entries.filter(({ type }) => type === 'expiry').length).toBeGreaterThan(0);
    }));

  it('one hold is captured and released by many: it ends once', async () => {
    for (let round = 0; round < 3; round += 1) {
      await raced(async () => {
        await give(world, 'ann', 20);
        const placed = await ask(world, 'placeHold', {
          params: { userId: 'ann' },
          body: { amount: 7, description: 'Set aside', expires_in: 600 },
        });
        const hold: unknown = placed.body['hold'];
        const params = {
          userId: 'ann',
          hold_id: String(Reflect.get(Object(hold), 'hold_id')),
        };
        const told = await race(
          Array.from({ length: 12 }, (_, n): [RouteName, Request] =>
            n % 2 === round % 2
              ? ['captureHold', { key: `capture-${n}`, params, body: { amount: 5 } }]
              : ['releaseHold', { key: `release-${n}`, params, body: {} }],
          ),
        );
        expect(told.filter(({ isDone }) => isDone)).toHaveLength(1);
        const { heads } = await table();
        expect([15, 20]).toContain(heads[0]?.balance);
      });
    }
  });

  it('two send each other everything: nothing is made and nothing is lost', () =>
    raced(async () => {
      for (const user_id of ['ann', 'ben']) {
        await ask(world, 'createAccount', { key: user_id, body: { user_id } });
        await give(world, user_id, 10);
      }
      const before = (await table()).heads.reduce((sum, { balance }) => sum + balance, 0);
      await race(
        Array.from({ length: 16 }, (_, n): [RouteName, Request] => [
          'transferCredits',
          {
            key: `send-${n}`,
            params: { userId: n % 2 === 0 ? 'ann' : 'ben' },
            body: { to_user_id: n % 2 === 0 ? 'ben' : 'ann', amount: 4 },
          },
        ]),
      );
      const { heads } = await table();
      expect(heads.reduce((sum, { balance }) => sum + balance, 0)).toBe(before);
    }));
});
