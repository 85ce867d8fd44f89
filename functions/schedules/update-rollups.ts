import * as z from 'zod';
import type { ScheduleDependencies } from '#functions/schedules/dependencies';
import { instant } from '#lib/contract/fields';
import { rebuildRollups, rollUp } from '#lib/reports/roll-up';

/** Of one run: it ends well before the function is cut off, and the next goes on. */
const RUN_MS = 400_000;

/** An operator may ask for everything from a day on to be rolled up again. */
const inputSchema = z.object({ rebuild_from: instant.optional() });

/** Brings the rollups up to date, and says what was not as it should be. */
export async function updateRollups(deps: ScheduleDependencies, event: unknown): Promise<void> {
  const { count, days, ledger: store, log, money, rollups } = deps;
  const sources = { store, days, money, rollups };
  const { rebuild_from: from } = inputSchema.parse(event);
  if (from !== undefined) await rebuildRollups(sources, { from });
  const start = deps.now();
  const end = start.getTime() + RUN_MS;
  const run = await rollUp(sources, {
    now: start.toISOString(),
    hasTime: () => deps.now().getTime() < end,
  });
  const wrong = [...new Set([...run.drifted, ...run.incomplete])];
  for (const hour of wrong)
    log.warn('an hour was not what it had been, or not whole', { reason: hour });
  // Whoever rebuilds expects hours to differ.
  if (wrong.length > 0 && from === undefined) count('RollupDrift', wrong.length);
  log.info(`rolled up to ${run.progress.rolledTo}`, { count: run.hours });
}
