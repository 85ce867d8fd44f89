import { vi } from 'vitest';
import { invariant } from '#lib/invariant';
import { DEFAULT_TIERS } from '#lib/subscriptions/tiers';
import { marksOf } from '#tests/faults/end-state';
import { ask, give, perform, type Scenario } from '#tests/faults/scenario';
import { runJobs } from '#tests/faults/scenarios/admin';
import { checkout, lookedAt, news, TERMS, withCard } from '#tests/faults/scenarios/money';
import { renewed, SECOND_MONTH, subscribed } from '#tests/faults/scenarios/plans';
import { ADMIN, messages, schedule, user } from '#tests/faults/steps';
import { START } from '#tests/faults/sweep';
import type { World } from '#tests/faults/world';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The month's own of PRO, and half as many that the first one left. */
const CREDITS_OF_SECOND_MONTH = 750;

/** What happens because time has passed. */
export const scheduleScenarios: readonly Scenario[] = [
  {
    name: 'the sweep of what has expired',
    of: 'job',
    covers: ['schedule expiry-sweep'],
    arrange: async (world) => {
      for (const userId of ['ann', 'ben']) {
        await give(world, userId, 5, {
          expires_at: '2026-11-21T00:00:00.000Z',
        });
        await give(world, userId, 20);
        await ask(world, 'placeHold', {
          params: { userId },
          key: `hold-${userId}`,
          body: { amount: 7, description: 'Soon over', expires_in: 600 },
        });
      }
      vi.setSystemTime(Date.now() + 2 * DAY_MS);
      return schedule('expiry-sweep');
    },
  },
  {
    name: 'the rollups of two hours',
    of: 'job',
    covers: ['schedule rollups'],
    arrange: async (world) => {
      const value = {
        startedOn: '2026-11-20T00:00:00.000Z',
        rolledTo: '2026-11-20T12:00:00.000Z',
        checkedTo: '2026-11-20T12:00:00.000Z',
        closedTo: '2026-11-20T00:00:00.000Z',
      };
      const id = { of: 'ledger' } as const;
      await world.ledger.write([{ record: 'rollupProgress', id, value, version: null }]);
      await give(world, 'ann', 20);
      vi.setSystemTime(Date.now() + HOUR_MS);
      await give(world, 'ben', 10);
      vi.setSystemTime(Date.now() + HOUR_MS);
      return schedule('rollups');
    },
    // A run whose time is over leaves the rest to the next one.
    settle: async (world) => {
      vi.setSystemTime(Date.parse(START) + 2.25 * HOUR_MS);
      await perform(world, schedule('rollups'));
    },
  },
  {
    name: 'the proof of the wallets that moved',
    of: 'job',
    covers: ['schedule verify-ledger'],
    arrange: async (world) => {
      await give(world, 'ann', 20);
      await ask(world, 'deductCredits', {
        params: { userId: 'ann' },
        body: { amount: 5, description: 'Moved' },
      });
      vi.setSystemTime(Date.now() + 2 * HOUR_MS);
      return schedule('verify-ledger');
    },
    // A run whose clock was behind proves less, and the next one the rest.
    settle: async (world) => {
      vi.setSystemTime(Date.parse(START) + 2 * HOUR_MS);
      await perform(world, schedule('verify-ledger'));
    },
  },
  {
    name: 'credits that expire soon told',
    of: 'job',
    covers: ['schedule expiring-soon'],
    arrange: async (world) => {
      await give(world, 'ann', 20, { expires_at: '2026-11-24T00:00:00.000Z' });
      return schedule('expiring-soon');
    },
  },
  {
    name: 'the monthly credits of FREE',
    of: 'job',
    covers: ['schedule plan-credits'],
    arrange: async (world) => {
      const tiers = DEFAULT_TIERS.map((plan) => ({
        ...plan,
        ...(plan.tier === 'FREE' && { monthly_credits: [{ credit_type: 'general', credits: 20 }] }),
      }));
      const body = { version: 0, settings: { tiers }, reason: 'Something for everybody' };
      await ask(world, 'changeSettings', { as: ADMIN, body });
      for (const user_id of ['ann', 'ben']) {
        await ask(world, 'createAccount', { key: user_id, body: { user_id } });
      }
      return schedule('plan-credits');
    },
  },
  {
    name: 'a subscription whose month nobody told us of',
    of: 'job',
    covers: ['schedule check-subscriptions'],
    arrange: async (world) => {
      await subscribed(world, 'PRO');
      await renewed(world);
      vi.setSystemTime(Date.now() + 6 * HOUR_MS);
      return schedule('check-subscriptions');
    },
    settle: async (world) => {
      await checkedLater(world, SECOND_MONTH);
      const balance = await ask(world, 'getUserBalance', { params: { userId: 'ann' } });
      const credits = balance.body['credits_balance'];
      invariant(credits === CREDITS_OF_SECOND_MONTH, `the second month gives ${String(credits)}`);
    },
  },
  {
    name: 'a payment that nobody told us of',
    of: 'job',
    covers: ['schedule reconcile'],
    // What a run restored is told by the run that did it, also where another one has to end it.
    mayDiffer: /"RECONCILIATION#/,
    arrange: async (world) => {
      const begun = await checkout(world);
      world.stripe.pay(begun.text('session_id'), 'success');
      vi.setSystemTime(Date.now() + 2 * HOUR_MS);
      return schedule('reconcile');
    },
    settle: reconciledLater,
  },
  {
    name: 'a job whose message was lost',
    of: 'job',
    covers: ['schedule resume-jobs'],
    arrange: async (world) => {
      const rows = [{ user_id: 'ann', amount: 5, reason: 'Asked' }];
      await ask(world, 'startBulk', { as: ADMIN, body: { rows } });
      await world.takeMessages('credit-ledger-local-jobs');
      vi.setSystemTime(Date.now() + HOUR_MS);
      return schedule('resume-jobs');
    },
    settle: runJobs,
  },
  {
    name: 'a top-up whose pause is over',
    of: 'job',
    covers: ['schedule wake-top-ups'],
    arrange: async (world) => {
      await withCard(world, 'declines');
      await ask(world, 'putAutoTopup', { as: user('ann'), body: TERMS });
      await lookedAt(world);
      vi.setSystemTime(Date.now() + 2 * HOUR_MS);
      return schedule('wake-top-ups');
    },
    // A run whose clock was behind wakes nobody, and the next one does.
    settle: async (world) => {
      vi.setSystemTime(Date.parse(START) + 3 * HOUR_MS);
      await perform(world, schedule('wake-top-ups'));
    },
  },
];

/**
 * What could not be asked, because the provider was out, or not be given, because by a clock that was behind its month
 * had not begun, the check gives that comes six hours into a month.
 */
export async function checkedLater(world: World, month: number): Promise<void> {
  vi.setSystemTime(month + 9 * HOUR_MS);
  await perform(world, schedule('check-subscriptions'));
}

/** What a run could not see, because its provider was out or its clock behind, the next one does. */
export async function reconciledLater(world: World): Promise<void> {
  await runJobs(world);
  vi.setSystemTime(Date.parse(START) + 6 * HOUR_MS);
  await perform(world, schedule('reconcile'));
  await runJobs(world);
}

/** The schedule that looks after top-ups until none waits, and what their provider tells of it. */
export async function lookAfterTopUps(world: World): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    const since = marksOf(world);
    vi.setSystemTime(Date.now() + HOUR_MS);
    await perform(world, schedule('wake-top-ups'));
    const woken = await world.takeMessages('credit-ledger-local-topups');
    if (woken.length > 0) await perform(world, messages('topups', woken));
    const told = news(world, since);
    if (told.length > 0) await perform(world, messages('fulfillment', told));
  }
}
