import { vi } from 'vitest';
import { invariant } from '#lib/invariant';
import { ask, give, perform, type Scenario } from '#tests/faults/scenario';
import { applied, exportBegun, runJobs } from '#tests/faults/scenarios/admin';
import { checkout } from '#tests/faults/scenarios/money';
import { reconciledLater } from '#tests/faults/scenarios/schedules';
import { ADMIN, waitingJobs } from '#tests/faults/steps';

const HOUR_MS = 3_600_000;

/** A run of a job of each kind. */
export const jobScenarios: readonly Scenario[] = [
  {
    name: 'bulk credits at work',
    of: 'job',
    covers: ['consumer jobs', 'job bulk_credits'],
    arrange: async (world) => {
      await give(world, 'cleo', 3);
      const rows = ['ann', 'ben', 'cleo'].map((user_id, at) => ({
        user_id,
        amount: at === 2 ? -5 : 5,
        reason: 'Asked',
      }));
      await ask(world, 'startBulk', { as: ADMIN, body: { rows } });
      return (await waitingJobs(world)).step;
    },
    settle: runJobs,
  },
  {
    name: 'a cancelled project’s refunds at work',
    of: 'job',
    covers: ['consumer jobs', 'job refund_project'],
    arrange: async (world) => {
      for (const userId of ['ann', 'ben', 'cleo']) await applied(world, userId);
      await ask(world, 'refundProject', {
        as: ADMIN,
        params: { projectId: 'atlas' },
        body: {},
      });
      return (await waitingJobs(world)).step;
    },
    settle: runJobs,
  },
  {
    name: 'a reconciliation at work',
    of: 'job',
    covers: ['consumer jobs', 'job reconciliation'],
    // What a run restored is told by the run that did it, also where another one has to end it.
    mayDiffer: /"RECONCILIATION#/,
    arrange: async (world) => {
      const begun = await checkout(world);
      world.stripe.pay(begun.text('session_id'), 'success');
      vi.setSystemTime(Date.now() + 2 * HOUR_MS);
      await ask(world, 'startReconciliation', { as: ADMIN, body: {} });
      return (await waitingJobs(world)).step;
    },
    settle: reconciledLater,
  },
  {
    name: 'an export at work',
    of: 'job',
    covers: ['consumer jobs', 'job export_entries'],
    arrange: async (world) => {
      await exportBegun(world);
      return (await waitingJobs(world)).step;
    },
    settle: runJobs,
  },
  {
    name: 'an export whose file is read, at its end',
    of: 'job',
    covers: ['consumer jobs', 'job export_entries'],
    arrange: async (world) => {
      await exportBegun(world);
      await perform(world, (await waitingJobs(world)).step);
      invariant(world.files().length === 0, 'the last part is stored, and no file is finished');
      return (await waitingJobs(world)).step;
    },
    settle: async (world) => {
      await runJobs(world);
      const [file, ...others] = world.files();
      const isWhole = file?.text.includes('To begin with') === true && others.length === 0;
      invariant(isWhole, 'there is one file, and what was exported is in it');
    },
  },
];
