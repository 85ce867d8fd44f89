import * as z from 'zod';
import { createDependencies, type ScheduleDependencies } from '#functions/schedules/dependencies';
import { checkSubscriptions } from '#functions/schedules/check-subscriptions';
import { grantFreeCredits } from '#functions/schedules/grant-free-credits';
import { reconcile } from '#functions/schedules/reconcile';
import { resumeJobs } from '#functions/schedules/resume-jobs';
import { sweep } from '#functions/schedules/sweep';
import { updateRollups } from '#functions/schedules/update-rollups';
import { tellExpiringCredits } from '#functions/schedules/tell-expiring-credits';
import { verifyLedger } from '#functions/schedules/verify-ledger';
import { wakeTopUps } from '#functions/schedules/wake-top-ups';
import { invariant } from '#lib/invariant';

type Task = (deps: ScheduleDependencies, event: unknown) => Promise<void>;

const dependencies = createDependencies({ env: process.env, now: () => new Date() });

/** What each schedule's input may ask for (DESIGN 7). */
const tasks = new Map<string, Task>([
  ['check-subscriptions', checkSubscriptions],
  ['expiry-sweep', sweep],
  ['expiring-soon', tellExpiringCredits],
  ['plan-credits', grantFreeCredits],
  ['reconcile', reconcile],
  ['resume-jobs', resumeJobs],
  ['rollups', updateRollups],
  ['verify-ledger', verifyLedger],
  ['wake-top-ups', wakeTopUps],
]);
const taskSchema = z.object({ task: z.string() });

/** Everything that happens because time has passed. */
export async function handler(event: unknown): Promise<void> {
  const task = tasks.get(taskSchema.parse(event).task);
  invariant(task, 'a schedule asks for a task that there is');
  await task(dependencies, event);
}
