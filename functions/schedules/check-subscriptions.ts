import type { ScheduleDependencies } from '#functions/schedules/dependencies';
import { checkSubscriptions as check } from '#lib/subscriptions/check-subscriptions';

/** Asks the provider about subscriptions of which something is overdue, where the deployment sells any. */
export async function checkSubscriptions(deps: ScheduleDependencies): Promise<void> {
  const { log, subscriptions } = deps;
  if (!(await subscriptions.isSetUp())) return;
  const { asked, open, restored } = await check(
    { ...deps, ...subscriptions },
    deps.now().toISOString(),
  );
  if (asked > 0) log.info('subscriptions checked', { count: asked });
  for (const reason of restored) log.warn('a subscription had news that no event told', { reason });
  for (const reason of open) log.warn('a subscription could not be checked', { reason });
}
