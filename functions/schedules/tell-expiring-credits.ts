import type { ScheduleDependencies } from '#functions/schedules/dependencies';
import { tellExpiring } from '#lib/alerts/tell-expiring';

/** Lets owners know of credits that expire soon. */
export async function tellExpiringCredits(deps: ScheduleDependencies): Promise<void> {
  const count = await tellExpiring(deps, deps.now().toISOString());
  deps.log.info('expiring credits told', { count });
}
