import { invariant } from '#lib/invariant';
import { marksOf } from '#tests/faults/end-state';
import { ask, give, perform, type Scenario } from '#tests/faults/scenario';
import { bought, intentOf, news } from '#tests/faults/scenarios/money';
import { BACKEND, messages, request, user } from '#tests/faults/steps';
import type { World } from '#tests/faults/world';

const ann = { userId: 'ann' };
const spend = { amount: 7, description: 'A lookup', metadata: { page: 3 } };

/** What the app's backend and its users do to wallets. */
export const walletScenarios: readonly Scenario[] = [
  {
    name: 'credits added, with an expiry',
    of: 'route',
    covers: ['route addCredits'],
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
    covers: ['route addCredits'],
    arrange: async (world) => {
      const debt = await owing(world);
      return request(world, 'addCredits', {
        params: ann,
        body: { amount: debt + 5, description: 'What is owed, and more' },
      });
    },
  },
  {
    name: 'credits added to who owes more than they are',
    of: 'route',
    covers: ['route addCredits'],
    arrange: async (world) => {
      const debt = await owing(world);
      return request(world, 'addCredits', {
        params: ann,
        body: { amount: debt - 5, description: 'A part of what is owed' },
      });
    },
  },
  {
    name: 'a spend over two grants, one about to expire',
    of: 'route',
    covers: ['route deductCredits'],
    arrange: async (world) => {
      await give(world, 'ann', 5, { expires_at: '2026-12-01T00:00:00.000Z' });
      await give(world, 'ann', 20);
      return request(world, 'deductCredits', { params: ann, body: spend });
    },
  },
  {
    name: 'a spend of more than there is',
    of: 'route',
    changesNothing: true,
    covers: ['route deductCredits'],
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
    covers: ['route refundCredits'],
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
    covers: ['route placeHold'],
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
    covers: ['route captureHold'],
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
    covers: ['route releaseHold'],
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
    covers: ['route transferCredits'],
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
    covers: ['route deductBatch'],
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
    covers: ['route recordUsage'],
    arrange: async (world) => {
      await give(world, 'ann', 20, { credit_type: 'enrichment' });
      const body = { feature: 'enrichment', quantity: 2 };
      return request(world, 'recordUsage', { params: ann, body });
    },
  },
  {
    name: 'a spend that counts on the quotas of a feature',
    of: 'route',
    covers: ['route deductCredits'],
    arrange: async (world) => {
      await give(world, 'ann', 20, { credit_type: 'enrichment' });
      const body = { ...spend, credit_type: 'enrichment', feature: 'enrichment' };
      return request(world, 'deductCredits', { params: ann, body });
    },
  },
  {
    name: 'an account opened by the backend',
    of: 'route',
    covers: ['route createAccount'],
    arrange: async (world) =>
      request(world, 'createAccount', {
        body: { user_id: 'ann', email: 'ann@users.test' },
      }),
  },
  {
    name: 'alerts set by a user',
    of: 'route',
    covers: ['route putAlerts'],
    arrange: async (world) =>
      request(world, 'putAlerts', { as: user('ann'), body: { threshold: 5 } }),
  },
  {
    name: 'alerts set by the backend',
    of: 'route',
    covers: ['route putUserAlerts'],
    arrange: async (world) =>
      request(world, 'putUserAlerts', {
        as: BACKEND,
        params: ann,
        body: { threshold: 5 },
      }),
  },
];

/** What a user owes who has bought credits and spent most of them, before all the money went back. */
async function owing(world: World): Promise<number> {
  const { session } = await bought(world);
  await ask(world, 'deductCredits', {
    params: ann,
    body: { amount: 90, description: 'Nearly all' },
  });
  const since = marksOf(world);
  world.stripe.refund(intentOf(world, session));
  await perform(world, messages('fulfillment', news(world, since)));
  const { debt } = (await ask(world, 'getUserBalance', { params: ann })).body;
  invariant(typeof debt === 'number' && debt > 5, 'the wallet owes');
  return debt;
}

function holdOf(body: Readonly<Record<string, unknown>>): string {
  return String(body['hold_id'] ?? Reflect.get(Object(body['hold']), 'hold_id'));
}
