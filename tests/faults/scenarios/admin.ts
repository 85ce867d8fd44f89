import { vi } from 'vitest';
import { ADMIN, event, messages, request, user } from '#tests/faults/steps';
import { ask, deploy, give, perform, type Scenario } from '#tests/faults/scenario';
import type { World } from '#tests/faults/world';

const ann = user('ann');
const reason = 'Asked for it';
const PACKAGE = {
  package_id: 'tiny',
  name: 'Tiny',
  description: 'A few',
  credits: 10,
  prices: [{ currency: 'USD', amount: 199 }],
};
const CODE = { code: 'WELCOME10', credits: 10, max_uses: 2 };
const JOBS_ROUNDS_MAX = 20;

const HOUR_MS = 3_600_000;

/** Runs all jobs to their ends, and those whose message was never sent when the schedule has found them. */
export async function runJobs(world: World): Promise<void> {
  await runQueued(world);
  vi.setSystemTime(Date.now() + HOUR_MS);
  await perform(world, event('schedules', { task: 'resume-jobs' }));
  await runQueued(world);
}

async function runQueued(world: World): Promise<void> {
  for (let round = 0; round < JOBS_ROUNDS_MAX; round += 1) {
    const waiting = await world.takeMessages('credit-ledger-local-jobs');
    if (waiting.length === 0) return;
    await perform(world, messages('jobs', waiting));
  }
  throw new Error('jobs go on for ever');
}

export async function applied(world: World, userId = 'ann') {
  await give(world, userId, 20);
  const body = { project_id: 'atlas', metadata: { role: 'pilot' } };
  const as = user(userId);
  const made = await ask(world, 'applyToProject', {
    as,
    key: `apply-${userId}`,
    body,
  });
  const application: unknown = made.body['application'];
  return String(Reflect.get(Object(application ?? made.body), 'application_id'));
}

async function coded(world: World): Promise<void> {
  await ask(world, 'createPromoCode', { as: ADMIN, body: CODE });
}

/** What users do beside buying and spending, and what the people do who run the app. */
export const adminScenarios: readonly Scenario[] = [
  {
    name: 'a code redeemed',
    of: 'route',
    routes: ['redeemCode'],
    arrange: async (world) => {
      await coded(world);
      return request(world, 'redeemCode', {
        as: ann,
        body: { code: CODE.code },
      });
    },
  },
  {
    name: 'an application',
    of: 'route',
    routes: ['applyToProject'],
    arrange: async (world) => {
      await give(world, 'ann', 20);
      return request(world, 'applyToProject', {
        as: ann,
        body: { project_id: 'atlas' },
      });
    },
  },
  {
    name: 'an application withdrawn',
    of: 'route',
    routes: ['withdrawApplication'],
    arrange: async (world) => {
      const id = await applied(world);
      return request(world, 'withdrawApplication', {
        as: ann,
        params: { id },
        body: {},
      });
    },
  },
  {
    name: 'credits adjusted',
    of: 'route',
    routes: ['adjustCredits'],
    arrange: async (world) => {
      await give(world, 'ann', 20);
      const body = { user_id: 'ann', amount: -5, reason };
      return request(world, 'adjustCredits', { as: ADMIN, body });
    },
  },
  {
    name: 'an account frozen',
    of: 'route',
    routes: ['freezeUser'],
    arrange: async (world) => {
      await give(world, 'ann', 20);
      await give(world, 'ann', 21, { credit_type: 'calling' });
      return request(world, 'freezeUser', {
        as: ADMIN,
        params: { userId: 'ann' },
        body: { reason },
      });
    },
  },
  {
    name: 'an account unfrozen',
    of: 'route',
    routes: ['unfreezeUser'],
    arrange: async (world) => {
      await give(world, 'ann', 20);
      const asked = { as: ADMIN, params: { userId: 'ann' }, body: { reason } };
      await ask(world, 'freezeUser', asked);
      return request(world, 'unfreezeUser', asked);
    },
  },
  {
    name: 'settings changed',
    of: 'route',
    routes: ['changeSettings'],
    arrange: async (world) =>
      request(world, 'changeSettings', {
        as: ADMIN,
        body: { version: 0, settings: { application_cost: 2 }, reason },
      }),
  },
  {
    name: 'a package created',
    of: 'route',
    routes: ['createPackage'],
    arrange: async (world) => request(world, 'createPackage', { as: ADMIN, body: PACKAGE }),
  },
  {
    name: 'a package changed',
    of: 'route',
    // Without a key it is the version that keeps a change from being made twice, and that tells who looks again.
    mayAnswer: /VERSION_CHANGED/,
    routes: ['changePackage'],
    arrange: async (world) => {
      await deploy(world);
      return request(world, 'changePackage', {
        as: ADMIN,
        params: { id: 'starter' },
        body: { version: 1, name: 'Starter, renamed' },
        orElse: 409,
      });
    },
  },
  {
    name: 'a code created',
    of: 'route',
    routes: ['createPromoCode'],
    arrange: async (world) => request(world, 'createPromoCode', { as: ADMIN, body: CODE }),
  },
  {
    name: 'a code changed',
    of: 'route',
    routes: ['changePromoCode'],
    arrange: async (world) => {
      await coded(world);
      const params = { code: CODE.code };
      return request(world, 'changePromoCode', {
        as: ADMIN,
        params,
        body: { credits: 12 },
      });
    },
  },
  {
    name: 'bulk credits started',
    of: 'route',
    routes: ['startBulk'],
    arrange: async (world) => {
      const rows = ['ann', 'ben'].map((user_id) => ({
        user_id,
        amount: 5,
        reason,
      }));
      return request(world, 'startBulk', { as: ADMIN, body: { rows } });
    },
    settle: runJobs,
  },
  {
    name: 'a reconciliation started',
    of: 'route',
    // Each run reports, and the one that was cut off had found the same before.
    mayDiffer: /"RECONCILIATION#/,
    routes: ['startReconciliation'],
    arrange: async (world) => request(world, 'startReconciliation', { as: ADMIN, body: {} }),
    settle: runJobs,
  },
  {
    name: 'a project cancelled',
    of: 'route',
    routes: ['refundProject'],
    arrange: async (world) => {
      await applied(world, 'ann');
      await applied(world, 'ben');
      const params = { projectId: 'atlas' };
      return request(world, 'refundProject', {
        as: ADMIN,
        params,
        body: { reason },
      });
    },
    settle: runJobs,
  },
];
