import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { placeHold } from '#lib/wallets/place-hold';
import { revokePlanCredits } from '#lib/subscriptions/revoke-plan-credits';
import {
  FOURTH,
  openSubscribers,
  SECOND,
  START,
  THIRD,
  tiersWith,
} from '#tests/subscriptions/subscribers';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const FIRST_MONTH = { start: START, end: SECOND };
const SECOND_MONTH = { start: SECOND, end: THIRD };
const MIDDLE = '2027-02-10T10:00:00.000Z';
const hoursLater = (instant: string, hours: number) =>
  new Date(Date.parse(instant) + hours * 3_600_000).toISOString();

let store: TestLedger;
let users: ReturnType<typeof openSubscribers>;
beforeAll(async () => {
  store = await openTestLedger();
  users = openSubscribers(store);
  await users.set(
    'tiers',
    tiersWith({
      PRO: {
        monthly_credits: [{ credit_type: 'general', credits: 100 }],
        rollover: { kind: 'capped', credits: 40, months: 1 },
      },
      PREMIUM: {
        monthly_credits: [
          { credit_type: 'general', credits: 300 },
          { credit_type: 'calling', credits: 20 },
        ],
        rollover: { kind: 'all', months: 2 },
      },
    }),
  );
});
afterAll(() => store.close());

describe('a paid period', () => {
  test('gives its credits once, however often and at once it is told (Polar: double plan grants)', async () => {
    const user = await users.subscriber();
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, () => users.pay(user, FIRST_MONTH)),
    );
    expect(outcomes.filter(({ kind }) => kind === 'granted')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'replayed')).toHaveLength(11);
    expect(await users.pay(user, { ...FIRST_MONTH, now: MIDDLE })).toEqual({ kind: 'replayed' });
    expect(await users.grants(user, START)).toEqual([
      { category: 'plan', remaining: 100, expiresAt: SECOND },
    ]);
    expect(await users.entries(user)).toMatchObject([
      { type: 'subscription', amount: 100, cause: `plan:sub_${user}:${START}:PRO` },
    ]);
  });

  test('gives credits that nobody can spend once it has ended, swept or not (vm0: expired credits spendable)', async () => {
    const user = await users.subscriber();
    await users.pay(user, FIRST_MONTH);
    expect(await users.available(user, '2027-02-28T09:59:59.999Z')).toBe(100);
    expect(await users.available(user, SECOND)).toBe(0);
    expect(await users.spend(user, 1, SECOND)).toMatchObject({
      kind: 'refused',
      refusal: { code: 'INSUFFICIENT_CREDITS', available: 0 },
    });
  });

  test.each([
    ['before it begins', {}, { ...SECOND_MONTH, now: MIDDLE }, 'early'],
    ['after it is over', {}, { ...FIRST_MONTH, now: SECOND }, 'over'],
    ['when the subscription had ended by then', { endedAt: SECOND }, SECOND_MONTH, 'ended'],
  ])('gives nothing %s', async (_, change, period, reason) => {
    const user = await users.subscriber(change);
    expect(await users.pay(user, period)).toEqual({ kind: 'not_granted', reason });
    expect(await users.entries(user)).toEqual([]);
  });

  test('that was paid before the subscription ended gives its credits, whichever is told first', async () => {
    const user = await users.subscriber({ status: 'CANCELED', endedAt: MIDDLE });
    expect(await users.pay(user, { ...FIRST_MONTH, now: MIDDLE })).toEqual({ kind: 'granted' });
  });

  test('gives nothing when a later one was granted, or more for the same', async () => {
    const user = await users.subscriber();
    await users.pay(user, { ...FIRST_MONTH, tier: 'PREMIUM' });
    const superseded = { kind: 'not_granted', reason: 'superseded' };
    expect(await users.pay(user, FIRST_MONTH)).toEqual(superseded);
    await users.pay(user, SECOND_MONTH);
    const late = { start: '2027-02-01T10:00:00.000Z', end: THIRD, now: SECOND };
    expect(await users.pay(user, late)).toEqual(superseded);
    expect(await users.problems(user)).toEqual([]);
  });
});

describe('a renewal', () => {
  test('touches neither bought nor promotional credits (Polar: resets that wipe bought credits)', async () => {
    const user = await users.subscriber();
    await users.buy(user, 500);
    await users.pay(user, FIRST_MONTH);
    await users.spend(user, 30, MIDDLE);
    await users.pay(user, { ...SECOND_MONTH, now: SECOND });
    expect(await users.grants(user, SECOND)).toEqual([
      { category: 'plan', remaining: 40, expiresAt: THIRD },
      { category: 'plan', remaining: 100, expiresAt: THIRD },
      { category: 'paid', remaining: 500, expiresAt: null },
    ]);
    // Without another payment only what was bought is left.
    expect(await users.grants(user, THIRD)).toEqual([
      { category: 'paid', remaining: 500, expiresAt: null },
    ]);
    expect(await users.problems(user)).toEqual([]);
  });

  test('carries over the same rest, whether the sweep has been there before it or not', async () => {
    for (const isSwept of [false, true]) {
      const user = await users.subscriber();
      await users.buy(user, 500);
      await users.pay(user, FIRST_MONTH);
      await users.spend(user, 88, MIDDLE);
      const wallet = { userId: user, creditType: 'general' };
      if (isSwept) await store.ledger.sweep(wallet, hoursLater(SECOND, 0.1));
      // The provider settles its invoice an hour into the period; what is bought in between is spent in between.
      if (isSwept) await users.spend(user, 5, hoursLater(SECOND, 0.5));
      await users.pay(user, { ...SECOND_MONTH, now: hoursLater(SECOND, 1) });
      const plan = (await users.grants(user, hoursLater(SECOND, 1))).filter(
        ({ category }) => category === 'plan',
      );
      expect(plan.map(({ remaining }) => remaining)).toEqual([12, 100]);
      expect(await users.problems(user)).toEqual([]);
    }
  });

  test('spends what was carried over before its own', async () => {
    const user = await users.subscriber();
    await users.pay(user, FIRST_MONTH);
    await users.pay(user, SECOND_MONTH);
    await users.spend(user, 41, SECOND);
    expect(await users.grants(user, SECOND)).toMatchObject([{ remaining: 99 }]);
  });

  test('carries everything over for as long as its tier says, and counts months from the anchor', async () => {
    const user = await users.subscriber({ tier: 'PREMIUM' });
    await users.pay(user, { ...FIRST_MONTH, tier: 'PREMIUM' });
    await users.spend(user, 50, MIDDLE);
    await users.pay(user, { ...SECOND_MONTH, tier: 'PREMIUM' });
    expect(await users.grants(user, SECOND)).toEqual([
      { category: 'plan', remaining: 250, expiresAt: FOURTH },
      { category: 'plan', remaining: 300, expiresAt: THIRD },
    ]);
  });

  test('does not carry over what a hold has set aside: its job may still spend it', async () => {
    const user = await users.subscriber();
    await users.pay(user, FIRST_MONTH);
    const late = '2027-02-25T10:00:00.000Z';
    const command = { now: late, cause: 'job', actor: 'app', description: 'Job' };
    const wallet = { userId: user, creditType: 'general' };
    await placeHold(store.ledger, { wallet, amount: 90, expiresInSeconds: 600_000, command });
    await placeHold(store.ledger, {
      wallet,
      amount: 5,
      expiresInSeconds: 60,
      command: { ...command, cause: 'short job' },
    });
    await users.pay(user, { ...SECOND_MONTH, now: SECOND });
    expect((await users.grants(user, SECOND)).map((grant) => grant.remaining)).toContain(10);
    expect(await users.available(user, SECOND)).toBe(110);
  });
});

describe('a change of plan', () => {
  test('takes back what the old one left, and leaves no negative (Polar: upgrades that leave negatives)', async () => {
    for (const spent of [0, 60, 100]) {
      const user = await users.subscriber();
      await users.buy(user, 500);
      await users.pay(user, FIRST_MONTH);
      if (spent > 0) await users.spend(user, spent, MIDDLE);
      const upgrade = { ...FIRST_MONTH, tier: 'PREMIUM', now: MIDDLE } as const;
      const outcomes = await Promise.all([1, 2, 3].map(() => users.pay(user, upgrade)));
      expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual([
        'granted',
        'replayed',
        'replayed',
      ]);
      expect(await users.grants(user, MIDDLE)).toEqual([
        { category: 'plan', remaining: 300, expiresAt: SECOND },
        { category: 'paid', remaining: 500, expiresAt: null },
      ]);
      expect(await users.problems(user)).toEqual([]);
    }
  });

  test('gives each type of credits to its own wallet', async () => {
    const user = await users.subscriber();
    await users.pay(user, FIRST_MONTH);
    await users.pay(user, { ...FIRST_MONTH, tier: 'PREMIUM', now: MIDDLE });
    const calling = await store.ledger.loadHead({ userId: user, creditType: 'calling' });
    expect(calling.balance).toBe(20);
    // The type that PRO does not give ends with the period, and carries over as its tier says.
    await users.pay(user, { ...SECOND_MONTH, tier: 'PRO' });
    expect(await store.ledger.loadHead({ userId: user, creditType: 'calling' })).toMatchObject({
      balance: 20,
      grants: [{ expiresAt: FOURTH }],
    });
  });

  test('that ends at once takes back the plan, and a second time nothing', async () => {
    const user = await users.subscriber();
    await users.buy(user, 500);
    await users.pay(user, FIRST_MONTH);
    await users.spend(user, 25, MIDDLE);
    const input = { userId: user, command: { now: MIDDLE, actor: 'admin:ada' } };
    expect(await revokePlanCredits(store.ledger, input)).toEqual({ revoked: 75 });
    expect(await revokePlanCredits(store.ledger, input)).toEqual({ revoked: 0 });
    expect(await users.grants(user, MIDDLE)).toEqual([
      { category: 'paid', remaining: 500, expiresAt: null },
    ]);
  });
});
