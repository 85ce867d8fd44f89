import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { serviceRoutes } from '#lib/contract/routes/service';
import { subscriptionRoutes } from '#lib/contract/routes/subscriptions';
import { featureUse, quotas } from '#lib/contract/subscriptions';
import { verify } from '#lib/ledger/verify';
import { createLedgerStore } from '#lib/store/ledger-store';
import type { Subscription } from '#lib/subscriptions/subscription';
import { type UseInput, useFeature } from '#lib/subscriptions/use-feature';
import { DEFAULT_TIERS, type Feature, type Tier, type Tiers } from '#lib/subscriptions/tiers';
import { openBackend, tallyOf, untilKnown } from '#tests/functions/service/backend';
import { openSubscribers, START, tiersWith } from '#tests/subscriptions/subscribers';
import { type Cost, openTestLedger, type TestLedger } from '#tests/support/ledger';
import { setSetting } from '#tests/support/settings';
import { tornClient } from '#tests/support/torn-reads';

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());
beforeEach(async () => {
  await setTiers(DEFAULT_TIERS);
  await setSetting(store.ledger, 'spending_caps', []);
});

const NOON = '2027-02-10T12:00:00.000Z';
const A_SECOND_LATER = '2027-02-10T12:00:01.000Z';
const setTiers = (tiers: Tiers) => setSetting(store.ledger, 'tiers', tiers);

/** One credit of the feature's own type a use, ten uses a day. */
const ENRICHMENT: Feature = {
  feature: 'enrichment',
  credit_type: 'enrichment',
  cost: 1,
  overage_cost: null,
  quotas: [{ period: 'day', limit: 10, overage: false }],
};

/** Tiers that have one feature each. */
function featureOf(change: Partial<Record<Tier, Partial<Feature>>>): Tiers {
  const row = (tier: Tier) => ({ features: [{ ...ENRICHMENT, ...change[tier] }] });
  return tiersWith({ FREE: row('FREE'), PRO: row('PRO'), PREMIUM: row('PREMIUM') });
}

async function userWith(userId: string, amount: number, subscription?: Partial<Subscription>) {
  const backend = openBackend(store, NOON);
  const params = { userId };
  const body = { amount, description: 'Start', credit_type: 'enrichment', category: 'paid' };
  const subscribers = openSubscribers(store);
  const subscribe = (change: Partial<Subscription>) =>
    subscribers.subscriber({ userId, ...change });
  if (subscription) await subscribe(subscription);
  if (amount > 0) await backend.call(serviceRoutes.addCredits, { params, body });
  const keyed = (key?: string) => (key === undefined ? {} : { key });
  return {
    at: backend.at,
    subscribe,
    use: (quantity = 1, key?: string, more: object = {}) =>
      backend.call(subscriptionRoutes.recordUsage, {
        params,
        body: { feature: 'enrichment', quantity, ...more },
        ...keyed(key),
      }),
    deduct: (credits: number, more: object, key?: string) =>
      backend.call(serviceRoutes.deductCredits, {
        params,
        body: { amount: credits, description: 'Enrich', credit_type: 'enrichment', ...more },
        ...keyed(key),
      }),
    async quotas() {
      const answer = await backend.call(subscriptionRoutes.getQuotas, { params });
      return quotas.parse(answer.body);
    },
    /** How often the feature is used today. */
    async used(): Promise<number> {
      const [feature] = (await this.quotas()).features;
      return feature?.quotas.find(({ period }) => period === 'day')?.used ?? NaN;
    },
    async spends() {
      const head = await store.ledger.loadHead({ userId, creditType: 'enrichment' });
      const entries = await store.ledger.loadEntries(userId);
      expect(verify(head, entries)).toEqual([]);
      return entries.filter(({ type }) => type === 'usage');
    },
  };
}

const exceeded = (fields: object) => ({ status: 403, body: { code: 'QUOTA_EXCEEDED', ...fields } });

describe('64 uses at once', () => {
  test('against a quota of 10 are exactly 10, each spent once', async () => {
    await setTiers(featureOf({}));
    const user = await userWith('racing', 1_000);
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) => untilKnown(() => user.use(1, `lead-${n}`))),
    );
    expect(tallyOf(answers)).toEqual({ done: 10, QUOTA_EXCEEDED: 54 });
    expect((await user.spends()).map(({ amount }) => amount)).toEqual(Array(10).fill(-1));
    expect(await user.used()).toBe(10);
  });

  test('against a wallet of 5 count exactly 5: a refused spend counts nothing', async () => {
    await setTiers(featureOf({}));
    const user = await userWith('poor', 5);
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) => untilKnown(() => user.use(1, `lead-${n}`))),
    );
    expect(tallyOf(answers)).toEqual({ done: 5, INSUFFICIENT_CREDITS: 59 });
    expect(await user.used()).toBe(5);
  });

  test('that cost nothing are exactly 10 as well, half of them sent twice', async () => {
    await setTiers(featureOf({ FREE: { cost: 0 } }));
    const user = await userWith('included', 0);
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) => untilKnown(() => user.use(1, `lead-${n % 32}`))),
    );
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(10);
    expect(
      answers.filter(({ status, replayed }) => status === 201 && !replayed).length,
    ).toBeLessThanOrEqual(10);
    expect(await user.used()).toBe(10);
    expect(await user.spends()).toEqual([]);
  });
});

describe('a use', () => {
  test('spends what the tier charges from the wallet of the feature', async () => {
    await setTiers(featureOf({ FREE: { cost: 3 } }));
    const user = await userWith('charged', 100);
    const answer = await user.use(2);
    expect(answer.status).toBe(201);
    expect(featureUse.parse(answer.body)).toMatchObject({
      feature: 'enrichment',
      quantity: 2,
      credits_used: 6,
      balance: 94,
      transaction: {
        type: 'usage',
        amount: -6,
        credit_type: 'enrichment',
        description: '2 uses of enrichment',
        reference: { type: 'feature', id: 'enrichment' },
      },
    });
  });

  test('beyond the quota spends nothing, and says when the period ends', async () => {
    await setTiers(featureOf({}));
    const user = await userWith('full', 100);
    await user.use(8);
    expect(await user.use(3)).toMatchObject(
      exceeded({
        feature: 'enrichment',
        period: 'day',
        limit: 10,
        used: 8,
        resets_at: '2027-02-11T00:00:00.000Z',
      }),
    );
    expect(await user.spends()).toHaveLength(1);
    expect((await user.use(2)).status).toBe(201);
    user.at('2027-02-11T00:00:00.000Z');
    expect((await user.use(10)).status).toBe(201);
  });

  test('is counted by nobody whom a spending cap or a freeze refuses', async () => {
    await setTiers(featureOf({}));
    await setSetting(store.ledger, 'spending_caps', [
      { credit_type: 'enrichment', period: 'hour', credits: 4 },
    ]);
    const user = await userWith('capped', 100);
    await user.use(3);
    expect(await user.use(2)).toMatchObject({ status: 429, body: { code: 'SPENDING_CAP' } });
    expect(await user.used()).toBe(3);
  });

  test('of a feature that the tier does not have is refused, known elsewhere or nowhere', async () => {
    await setTiers(tiersWith({ FREE: { features: [] } }));
    const user = await userWith('without', 10);
    for (const feature of ['enrichment', 'teleport']) {
      expect(await user.use(1, undefined, { feature })).toMatchObject({
        status: 403,
        body: { code: 'FEATURE_NOT_AVAILABLE', feature, tier: 'FREE' },
      });
    }
  });

  test('that would cost more than one request may spend is refused, not crashed', async () => {
    await setTiers(featureOf({ FREE: { cost: 1_000_000, quotas: [] } }));
    const user = await userWith('greedy', 10);
    expect(await user.use(1_001)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED', errors: [{ field: 'quantity' }] },
    });
    expect((await user.use(1_000)).status).toBe(402);
  });

  test('goes on beyond a quota with overage at its own cost', async () => {
    const month = { period: 'month', limit: 10, overage: true } as const;
    await setTiers(featureOf({ FREE: { overage_cost: 5, quotas: [month] } }));
    const user = await userWith('over', 100);
    await user.use(8);
    const across = await user.use(4);
    expect(featureUse.parse(across.body).credits_used).toBe(2 * 1 + 2 * 5);
    expect((await user.quotas()).features).toMatchObject([
      { period: 'month', limit: 10, used: 12, remaining: 0, overage: true, overage_cost: 5 },
    ]);
  });
});

describe('a use that is sent again', () => {
  test('gets its first answer when the quota is used up and the wallet empty', async () => {
    await setTiers(featureOf({}));
    const user = await userWith('again', 10);
    const first = await user.use(10, 'key');
    expect((await user.use(1)).body['code']).toBe('QUOTA_EXCEEDED');
    expect(await user.use(10, 'key')).toMatchObject({
      status: 201,
      replayed: true,
      body: first.body,
    });
    expect(await user.use(9, 'key')).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    expect(await user.used()).toBe(10);
  });

  test('is known though it cost nothing, and whatever its tier costs by then', async () => {
    await setTiers(featureOf({ FREE: { cost: 0 }, PRO: { cost: 2 } }));
    const user = await userWith('changing', 100);
    const free = await user.use(10, 'free');
    expect(free).toMatchObject({
      status: 201,
      replayed: false,
      body: { credits_used: 0, transaction_id: null, balance: null, transaction: null },
    });
    const again = { status: 201, replayed: true, body: free.body };
    expect(await user.use(10, 'free')).toMatchObject(again);
    expect((await user.use(3, 'free')).status).toBe(422);

    await user.subscribe({ anchor: START });
    user.at('2027-02-11T12:00:00.000Z');
    const paid = await user.use(2, 'paid');
    expect(paid.body['credits_used']).toBe(4);
    expect(await user.use(10, 'free')).toMatchObject(again);
    await user.subscribe({ tier: 'FREE' });
    expect(await user.use(2, 'paid')).toMatchObject({ replayed: true, body: paid.body });
    expect(await user.spends()).toHaveLength(1);
    expect(await user.used()).toBe(2);
  });
});

test('a use whose twin was on its way is not told that the quota is full, paid or included', async () => {
  for (const cost of [1, 0]) {
    await setTiers(featureOf({ FREE: { cost } }));
    await userWith(`torn-${cost}`, 100);
    const input: UseInput = {
      userId: `torn-${cost}`,
      feature: 'enrichment',
      price: { kind: 'of_tier', quantity: 10 },
      command: {
        now: NOON,
        cause: `request:torn-${cost}`,
        fingerprint: 'body',
        actor: 'service:app',
        description: 'Use',
      },
    };
    expect((await useFeature(store.ledger, input)).kind).toBe('committed');
    // The first look at what a replay is told by comes before its twin's commit, and the counter's after it.
    const client = tornClient(store.config, (key) => /ENTRY#|REQUEST/.test(key));
    const torn = createLedgerStore({ ...store.table, client });
    expect((await useFeature(torn, input)).kind).toBe('replayed');
  }
});

describe('quotas follow the tier in force', () => {
  const limited = (limit: number): Partial<Feature> => ({
    quotas: [{ period: 'day', limit, overage: false }],
  });

  test('and a change of tier keeps what is used', async () => {
    await setTiers(featureOf({ FREE: limited(10), PRO: limited(12) }));
    const user = await userWith('upgraded', 100);
    await user.use(10);
    expect((await user.use(1)).status).toBe(403);
    await user.subscribe({ tier: 'PRO' });
    expect((await user.quotas()).features).toMatchObject([{ limit: 12, used: 10, remaining: 2 }]);
    expect((await user.use(2)).status).toBe(201);
    expect(await user.use(1)).toMatchObject(exceeded({ limit: 12, used: 12 }));
    await user.subscribe({ tier: 'FREE' });
    expect((await user.quotas()).features).toMatchObject([{ limit: 10, used: 12, remaining: 0 }]);
  });

  test('after the grace days of a failed payment that is FREE, until it is paid', async () => {
    await setTiers(featureOf({ FREE: limited(1), PRO: limited(50) }));
    const pastDueSince = '2027-02-04T12:00:00.000Z';
    const user = await userWith('late', 100, { status: 'PAST_DUE', pastDueSince });
    expect((await user.use(3)).status).toBe(201);
    user.at('2027-02-11T12:00:00.000Z');
    expect(await user.quotas()).toMatchObject({ tier: 'FREE', features: [{ limit: 1 }] });
    expect(await user.use(2)).toMatchObject(exceeded({ limit: 1, used: 0 }));
    await user.subscribe({ status: 'ACTIVE', pastDueSince: null });
    expect((await user.use(2)).status).toBe(201);
  });

  test('months are the subscription’s: the 31st ends on the last of February', async () => {
    const month = { period: 'month', limit: 10, overage: false } as const;
    await setTiers(featureOf({ PRO: { quotas: [month] } }));
    const user = await userWith('anchored', 100, { anchor: START });
    await user.use(10);
    const end = '2027-02-28T10:00:00.000Z';
    expect(await user.use(1)).toMatchObject(exceeded({ period: 'month', resets_at: end }));
    user.at(end);
    expect((await user.use(10)).status).toBe(201);
    expect(await user.use(1)).toMatchObject(exceeded({ resets_at: '2027-03-31T10:00:00.000Z' }));
  });

  test('changed tiers count a second later at the latest', async () => {
    await setTiers(featureOf({}));
    const user = await userWith('retiered', 100);
    await user.use(1);
    await setTiers(featureOf({ FREE: limited(1) }));
    user.at(A_SECOND_LATER);
    expect((await user.use(1)).status).toBe(403);
  });
});

describe('a deduction with a feature', () => {
  test('is one use of it, for the amount and from the wallet that the request names', async () => {
    await setTiers(featureOf({ FREE: { cost: 0 } }));
    const user = await userWith('deducting', 100);
    const first = await user.deduct(7, { feature: 'enrichment' }, 'key');
    expect(first).toMatchObject({ status: 201, body: { balance: 93 } });
    expect(await user.used()).toBe(1);
    expect(await user.deduct(7, { feature: 'enrichment' }, 'key')).toMatchObject({
      replayed: true,
      body: first.body,
    });
    expect((await user.deduct(7, {}, 'key')).status).toBe(422);
    await user.deduct(1, {});
    expect(await user.used()).toBe(1);
  });

  test('is refused by the quota and spends nothing, or by the wallet and counts nothing', async () => {
    await setTiers(featureOf({}));
    const user = await userWith('either', 100);
    await user.use(9);
    expect((await user.deduct(92, { feature: 'enrichment' })).status).toBe(402);
    expect(await user.used()).toBe(9);
    expect((await user.deduct(1, { feature: 'enrichment' })).status).toBe(201);
    expect(await user.deduct(1, { feature: 'enrichment' })).toMatchObject(exceeded({ used: 10 }));
    expect(await user.spends()).toHaveLength(2);
  });
});

describe('GET quotas', () => {
  test('tells a user who has used nothing what the default tiers allow', async () => {
    const user = await userWith('fresh', 0);
    const { tier, features } = await user.quotas();
    expect(tier).toBe('FREE');
    expect(features.map(({ feature }) => feature)).toEqual(['enrichment', 'calling', 'scraping']);
    const day = {
      period: 'day',
      limit: 10,
      used: 0,
      remaining: 10,
      overage: false,
      resets_at: '2027-02-11T00:00:00.000Z',
    };
    const month = { ...day, period: 'month', limit: 100, remaining: 100 };
    const resets_at = '2027-03-01T00:00:00.000Z';
    expect(features[0]).toEqual({
      feature: 'enrichment',
      credit_type: 'enrichment',
      cost: 1,
      overage_cost: null,
      ...day,
      quotas: [day, { ...month, resets_at }],
    });
  });

  test('counts a feature without quotas all the same', async () => {
    await setTiers(featureOf({ FREE: { quotas: [] } }));
    const user = await userWith('unlimited', 50);
    await user.use(30);
    expect((await user.quotas()).features).toMatchObject([
      { period: 'month', limit: null, used: 30, remaining: null },
    ]);
  });
});

describe('what a use costs', () => {
  test('two round trips: six items read, of which three settings once a second; 8 write units', async () => {
    await setTiers(featureOf({}));
    const user = await userWith('costs', 100);
    const costs: [string, Cost][] = [];
    const measured = async (name: string, act: () => Promise<unknown>) => {
      const { cost } = await store.measure(act);
      // Two that are asked at once may come in either order.
      costs.push([name, { ...cost, calls: cost.calls.toSorted() }]);
    };
    await user.use(1);
    user.at(A_SECOND_LATER);
    await measured('the first of a second', () => user.use(1, 'first'));
    await measured('a use', () => user.use(1, 'second'));
    await measured('a use without a key', () => user.use(1));
    await measured('a deduction with a feature', () => user.deduct(1, { feature: 'enrichment' }));
    await measured('a replay', () => user.use(1, 'second'));
    await measured('a refusal', () => user.use(50, 'fourth'));
    await measured('a refusal without a key', () => user.use(50));
    await measured('GET quotas', () => user.quotas());
    await setTiers(featureOf({ FREE: { cost: 0 } }));
    user.at('2027-02-11T12:00:00.000Z');
    await user.use(1);
    await measured('an included use', () => user.use(1, 'third'));

    for (const [name, { calls, readUnits, writeUnits }] of costs) {
      console.info(`${name}: ${calls.join(', ')}: ${readUnits} read, ${writeUnits} write units`);
    }
    const both = ['BatchGetItem', 'TransactWriteItems'];
    expect(Object.fromEntries(costs)).toEqual({
      // The wallet that pays is known from the tiers alone.
      'the first of a second': { calls: ['BatchGetItem', ...both], readUnits: 8, writeUnits: 8 },
      'a use': { calls: both, readUnits: 5, writeUnits: 8 },
      'a use without a key': { calls: both, readUnits: 4, writeUnits: 8 },
      'a deduction with a feature': { calls: both, readUnits: 4, writeUnits: 8 },
      'a replay': { calls: ['BatchGetItem'], readUnits: 5, writeUnits: 0 },
      // Whether its own twin has done it is asked again, at once.
      'a refusal': {
        calls: ['BatchGetItem', 'BatchGetItem', 'BatchGetItem'],
        readUnits: 7,
        writeUnits: 0,
      },
      'a refusal without a key': { calls: ['BatchGetItem'], readUnits: 4, writeUnits: 0 },
      'GET quotas': { calls: ['BatchGetItem', 'Query'], readUnits: 2, writeUnits: 0 },
      'an included use': { calls: both, readUnits: 5, writeUnits: 4 },
    });
  });
});
