import { vi } from 'vitest';
import { exportTaskOf } from '#lib/exports/export-task';
import { invariant } from '#lib/invariant';
import { startJob } from '#lib/jobs/start-job';
import { ADMIN, request, schedule, user, waitingJobs } from '#tests/faults/steps';
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
/** More days than one answer has time to read; the last one is today. */
const LONG_PERIOD = 'from=2026-10-10&to=2026-11-20T12:00:00.001Z';
const JOBS_ROUNDS_MAX = 20;

const HOUR_MS = 3_600_000;

/** Runs all jobs to their ends, and those whose message was never sent when the schedule has found them. */
export async function runJobs(world: World): Promise<void> {
  await runQueued(world);
  vi.setSystemTime(Date.now() + HOUR_MS);
  await perform(world, schedule('resume-jobs'));
  await runQueued(world);
}

async function runQueued(world: World): Promise<void> {
  for (let round = 0; round < JOBS_ROUNDS_MAX; round += 1) {
    const waiting = await waitingJobs(world);
    if (waiting.isEmpty) return;
    await perform(world, waiting.step);
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

/** An export that a job writes, of few days: a period that asks for one reads hundreds of pages. */
export async function exportBegun(world: World): Promise<string> {
  await give(world, 'ann', 20);
  const all = { userId: null, creditType: null, type: null, actor: null };
  const now = new Date().toISOString();
  const filter = { ...all, from: '2026-11-19T00:00:00.000Z', to: '2026-11-20T12:00:00.001Z' };
  const started = await startJob(
    { store: world.ledger, queue: { send: async () => undefined } },
    {
      task: exportTaskOf(filter, 'csv'),
      total: null,
      cause: 'export:of-two-days',
      fingerprint: null,
      by: 'admin:root-1',
      now,
    },
  );
  invariant(started.kind === 'started', 'nobody has asked for it before');
  // Its message is lost, and the schedule sends another.
  vi.setSystemTime(Date.now() + HOUR_MS);
  await perform(world, schedule('resume-jobs'));
  return started.job.id;
}

/** What users do beside buying and spending, and what the people do who run the app. */
export const adminScenarios: readonly Scenario[] = [
  {
    name: 'a code redeemed',
    of: 'route',
    covers: ['route redeemCode'],
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
    covers: ['route applyToProject'],
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
    covers: ['route withdrawApplication'],
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
    covers: ['route adjustCredits'],
    arrange: async (world) => {
      await give(world, 'ann', 20);
      const body = { user_id: 'ann', amount: -5, reason };
      return request(world, 'adjustCredits', { as: ADMIN, body });
    },
  },
  {
    name: 'an account frozen',
    of: 'route',
    covers: ['route freezeUser'],
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
    covers: ['route unfreezeUser'],
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
    covers: ['route changeSettings'],
    arrange: async (world) =>
      request(world, 'changeSettings', {
        as: ADMIN,
        body: { version: 0, settings: { application_cost: 2 }, reason },
      }),
  },
  {
    name: 'a package created',
    of: 'route',
    covers: ['route createPackage'],
    arrange: async (world) => request(world, 'createPackage', { as: ADMIN, body: PACKAGE }),
  },
  {
    name: 'a package changed',
    of: 'route',
    // Without a key it is the version that keeps a change from being made twice, and that tells who looks again.
    mayAnswer: /VERSION_CHANGED/,
    covers: ['route changePackage'],
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
    covers: ['route createPromoCode'],
    arrange: async (world) => request(world, 'createPromoCode', { as: ADMIN, body: CODE }),
  },
  {
    name: 'a code changed',
    of: 'route',
    covers: ['route changePromoCode'],
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
    covers: ['route startBulk'],
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
    covers: ['route startReconciliation'],
    arrange: async (world) => request(world, 'startReconciliation', { as: ADMIN, body: {} }),
    settle: runJobs,
  },
  {
    name: 'a short export, answered at once',
    of: 'route',
    // Each attempt is on record.
    mayDiffer: /"AUDIT#/,
    covers: ['route exportTransactions'],
    arrange: async (world) => {
      await give(world, 'ann', 20);
      return request(world, 'exportTransactions', { as: ADMIN, query: 'from=2026-11-19' });
    },
    settle: async (world) => {
      const isOnRecord = (await world.items()).some(
        (item) => item['action']?.S === 'exportTransactions',
      );
      invariant(isOnRecord, 'what was shown is on record');
    },
  },
  {
    name: 'a long export started',
    of: 'route',
    covers: ['route exportTransactions'],
    arrange: async (world) => {
      await give(world, 'ann', 20);
      return request(world, 'exportTransactions', { as: ADMIN, query: LONG_PERIOD });
    },
    // What is in the queue is done, and what is not the schedule brings there: reading it all takes long.
    settle: async (world) => {
      vi.setSystemTime(Date.now() + HOUR_MS);
      await perform(world, schedule('resume-jobs'));
    },
  },
  {
    name: 'a project cancelled',
    of: 'route',
    covers: ['route refundProject'],
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
