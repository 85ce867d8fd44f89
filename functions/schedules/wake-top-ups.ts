import type { ScheduleDependencies } from '#functions/schedules/dependencies';
import { wakeDueTopUps } from '#lib/topups/wake-due';

/** Asks for a look at the automatic top-ups whose time has come. */
export async function wakeTopUps(deps: ScheduleDependencies): Promise<void> {
  const { ledger: store, log, topUpQueue: queue, topUps } = deps;
  const count = await wakeDueTopUps({ topUps, queue, store }, deps.now().toISOString());
  if (count > 0) log.info('top-ups are due', { count });
}
