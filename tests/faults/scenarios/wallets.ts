import { BACKEND, request, user } from '#tests/faults/steps';
import { ask, give, type Scenario } from '#tests/faults/scenario';

const ann = { userId: 'ann' };
const spend = { amount: 7, description: 'A lookup', metadata: { page: 3 } };

/** What the app's backend and its users do to wallets. */
export const walletScenarios: readonly Scenario[] = [
  {
    name: 'credits added, with an expiry',
    of: 'route',
    routes: ['addCredits'],
    arrange: async (world) =>
      request(world, 'addCredits', {
        params: ann,
        body: {
          amount: 50,
          description: 'Hello',
          expires_at: '2027-01-01T00:00:00.000Z',
        },
      }),
  },
  {
    name: 'credits added to who owes',
    of: 'route',
    routes: ['addCredits'],
    arrange: async (world) => {
      await give(world, 'ann', 30);
      return request(world, 'addCredits', {
        params: ann,
        body: { amount: 5, description: 'More' },
      });
    },
  },
  {
    name: 'a spend over two grants, one about to expire',
    of: 'route',
    routes: ['deductCredits'],
    arrange: async (world) => {
      await give(world, 'ann', 5, { expires_at: '2026-12-01T00:00:00.000Z' });
      await give(world, 'ann', 20);
      return request(world, 'deductCredits', { params: ann, body: spend });
    },
  },
  {
    name: 'a spend of more than there is',
    of: 'route',
    routes: ['deductCredits'],
    arrange: async (world) => {
      await give(world, 'ann', 6);
      return request(world, 'deductCredits', {
        params: ann,
        body: spend,
        expect: 402,
      });
    },
  },
  {
    name: 'a spend refunded in part',
    of: 'route',
    routes: ['refundCredits'],
    arrange: async (world) => {
      await give(world, 'ann', 20);
      const spent = await ask(world, 'deductCredits', {
        params: ann,
        body: spend,
      });
      const transaction_id = spent.text('transaction_id');
      const body = { transaction_id, amount: 3 };
      await ask(world, 'refundCredits', { params: ann, key: 'first', body });
      return request(world, 'refundCredits', { params: ann, body });
    },
  },
  {
    name: 'a hold placed',
    of: 'route',
    routes: ['placeHold'],
    arrange: async (world) => {
      await give(world, 'ann', 20);
      return request(world, 'placeHold', {
        params: ann,
        body: { ...spend, expires_in: 600 },
      });
    },
  },
  {
    name: 'a hold captured in part',
    of: 'route',
    routes: ['captureHold'],
    arrange: async (world) => {
      await give(world, 'ann', 20);
      const placed = await ask(world, 'placeHold', {
        params: ann,
        body: { ...spend, expires_in: 600 },
      });
      const params = { ...ann, hold_id: holdOf(placed.body) };
      return request(world, 'captureHold', { params, body: { amount: 4 } });
    },
  },
  {
    name: 'a hold released',
    of: 'route',
    routes: ['releaseHold'],
    arrange: async (world) => {
      await give(world, 'ann', 20);
      const placed = await ask(world, 'placeHold', {
        params: ann,
        body: { ...spend, expires_in: 600 },
      });
      return request(world, 'releaseHold', {
        params: { ...ann, hold_id: holdOf(placed.body) },
        body: {},
      });
    },
  },
  {
    name: 'a transfer',
    of: 'route',
    routes: ['transferCredits'],
    arrange: async (world) => {
      for (const user_id of ['ann', 'ben']) {
        await ask(world, 'createAccount', { key: user_id, body: { user_id } });
      }
      await give(world, 'ann', 20);
      const body = { to_user_id: 'ben', amount: 8 };
      return request(world, 'transferCredits', { params: ann, body });
    },
  },
  {
    name: 'a batch of spends',
    of: 'route',
    routes: ['deductBatch'],
    arrange: async (world) => {
      await give(world, 'ann', 20);
      const spends = [1, 2, 3].map((amount) => ({
        amount,
        description: `${amount}`,
        idempotency_key: `s${amount}`,
      }));
      return request(world, 'deductBatch', { params: ann, body: { spends } });
    },
  },
  {
    name: 'a feature used, within its quotas',
    of: 'route',
    routes: ['recordUsage'],
    arrange: async (world) => {
      await give(world, 'ann', 20, { credit_type: 'enrichment' });
      const body = { feature: 'enrichment', quantity: 2 };
      return request(world, 'recordUsage', { params: ann, body });
    },
  },
  {
    name: 'a spend that counts on the quotas of a feature',
    of: 'route',
    routes: ['deductCredits'],
    arrange: async (world) => {
      await give(world, 'ann', 20, { credit_type: 'enrichment' });
      const body = { ...spend, credit_type: 'enrichment', feature: 'enrichment' };
      return request(world, 'deductCredits', { params: ann, body });
    },
  },
  {
    name: 'an account opened by the backend',
    of: 'route',
    routes: ['createAccount'],
    arrange: async (world) =>
      request(world, 'createAccount', {
        body: { user_id: 'ann', email: 'ann@users.test' },
      }),
  },
  {
    name: 'alerts set by a user',
    of: 'route',
    routes: ['putAlerts'],
    arrange: async (world) =>
      request(world, 'putAlerts', { as: user('ann'), body: { threshold: 5 } }),
  },
  {
    name: 'alerts set by the backend',
    of: 'route',
    routes: ['putUserAlerts'],
    arrange: async (world) =>
      request(world, 'putUserAlerts', {
        as: BACKEND,
        params: ann,
        body: { threshold: 5 },
      }),
  },
];

function holdOf(body: Readonly<Record<string, unknown>>): string {
  return String(body['hold_id'] ?? Reflect.get(Object(body['hold']), 'hold_id'));
}
