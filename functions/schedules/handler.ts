import * as z from 'zod';
import { createDependencies } from '#functions/schedules/dependencies';
import { reconcile } from '#functions/schedules/reconcile';
import { resumeJobs } from '#functions/schedules/resume-jobs';
import { sweep } from '#functions/schedules/sweep';

const dependencies = createDependencies({ env: process.env, now: () => new Date() });

/** What each schedule's input may ask for (DESIGN 7). */
const tasks = { 'expiry-sweep': sweep, reconcile, 'resume-jobs': resumeJobs } as const;
const taskSchema = z.object({ task: z.enum(['expiry-sweep', 'reconcile', 'resume-jobs']) });

/** Everything that happens because time has passed. */
export async function handler(event: unknown): Promise<void> {
  await tasks[taskSchema.parse(event).task](dependencies);
}
