import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { userAlertRoutes } from '#lib/contract/routes/alerts';
import { serviceRoutes } from '#lib/contract/routes/service';
import { subscriptionRoutes } from '#lib/contract/routes/subscriptions';
import { DEFAULT_TIERS, type TierPlan } from '#lib/subscriptions/tiers';
import { openBackend, tallyOf } from '#tests/functions/service/backend';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';
import { setSetting } from '#tests/support/settings';
import { tornClient } from '#tests/support/torn-reads';

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());
beforeEach(() => setSetting(store.ledger, 'signup_bonus', 1));

/** What one backend sends about users; `sees` makes it look too early at some of what it reads. */
function open(sees?: (key: string) => boolean) {
  const client = sees && tornClient(store.config, sees);
  const backend = openBackend({ ...store, table: { ...store.table, ...(client && { client }) } });
  return {
    use: (userId: string, key: string, quantity = 1) =>
      backend.call(subscriptionRoutes.recordUsage, {
        params: { userId },
        body: { feature: 'enrichment', quantity },
        key,
      }),
    alert: (userId: string, threshold: number, key: string) =>
      backend.call(userAlertRoutes.putUserAlerts, {
        params: { userId },
        body: { threshold },
        key,
      }),
    register: (userId: string, key: string, more: object = {}) =>
      backend.call(serviceRoutes.createAccount, { body: { user_id: userId, ...more }, key }),
  };
}

const reused = { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } };
const replayed = { status: 201, replayed: true };

function withIncludedUses(plan: TierPlan): TierPlan {
  return { ...plan, features: plan.features.map((row) => ({ ...row, cost: 0 })) };
}

describe('a key in the path of another user', () => {
  test('uses a feature of its own, also where nothing but the key would tell', async () => {
    await setSetting(store.ledger, 'tiers', DEFAULT_TIERS.map(withIncludedUses));
    const { use } = open();
    expect(await use('path-ann', 'lead-1')).toMatchObject({ status: 201, replayed: false });
    expect(await use('path-bob', 'lead-1')).toMatchObject({ status: 201, replayed: false });
    expect(await use('path-ann', 'lead-1')).toMatchObject(replayed);
    expect(await use('path-ann', 'lead-1', 2)).toMatchObject(reused);
  });

  test('sets a threshold of its own', async () => {
    const { alert } = open();
    expect(await alert('path-ann', 5, 'low')).toMatchObject({ status: 200, replayed: false });
    expect(await alert('path-bob', 5, 'low')).toMatchObject({ status: 200, replayed: false });
    expect(await alert('path-bob', 5, 'low')).toMatchObject({ status: 200, replayed: true });
  });
});

describe('a key that registers', () => {
  const accountOf = async (userId: string) =>
    (await store.ledger.load([{ record: 'account', id: { userId } }]))('account', { userId });

  test.each([
    ['with a bonus', 1],
    ['without one', 0],
  ])('%s answers its own request again, and no other', async (name, bonus) => {
    await setSetting(store.ledger, 'signup_bonus', bonus);
    const { register } = open();
    const ann = `ann-${bonus}`;
    const first = await register(ann, name);
    expect(first).toMatchObject({ status: 201, replayed: false, body: { balance: bonus } });
    expect(await register(ann, name)).toMatchObject({ ...replayed, body: first.body });
    expect(await register(ann, name, { email: 'a@b.test' })).toMatchObject(reused);
    const bob = `bob-${bonus}`;
    expect(await register(bob, name)).toMatchObject(reused);
    expect(await accountOf(bob)).toBeNull();
    expect((await store.ledger.loadHeads(bob)).length).toBe(0);
    expect(await register(ann, `${name} again`)).toMatchObject({
      status: 409,
      body: { code: 'ACCOUNT_EXISTS' },
    });
  });

  test('answers the same whatever the bonus has become', async () => {
    const { register } = open();
    const given = await register('early', 'early');
    await setSetting(store.ledger, 'signup_bonus', 0);
    expect(await register('early', 'early')).toMatchObject({ ...replayed, body: given.body });
    const bare = await register('late', 'late');
    await setSetting(store.ledger, 'signup_bonus', 1);
    expect(await register('late', 'late')).toMatchObject({ ...replayed, body: bare.body });
  });

  test.each([0, 1])('registers one of two users at once, with a bonus of %i', async (bonus) => {
    await setSetting(store.ledger, 'signup_bonus', bonus);
    const { register } = open();
    const names = Array.from({ length: 8 }, (_, n) => `racer-${bonus}-${n % 2}`);
    const answers = await Promise.all(names.map((name) => register(name, `race ${bonus}`)));
    expect(tallyOf(answers)).toEqual({ done: 4, IDEMPOTENCY_KEY_REUSED: 4 });
    expect(answers.filter((answer) => answer.status === 201 && !answer.replayed)).toHaveLength(1);
  });

  test.each([
    ['its entry', 1, 'ENTRY#'],
    ['its key', 1, 'REQUEST#'],
    ['its key, without a bonus', 0, 'REQUEST#'],
  ])('is known where a repeat looks too early for %s', async (name, bonus, early) => {
    await setSetting(store.ledger, 'signup_bonus', bonus);
    const first = await open().register(`torn ${name}`.replaceAll(/\W/g, '-'), name);
    expect(first.status).toBe(201);
    const torn = open((key) => key.includes(early));
    const again = await torn.register(`torn ${name}`.replaceAll(/\W/g, '-'), name);
    expect(again).toMatchObject({ ...replayed, body: first.body });
  });
});
