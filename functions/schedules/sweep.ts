import type { ScheduleDependencies } from '#functions/schedules/dependencies';
import { sweepWallets } from '#lib/wallets/sweep-wallets';

/** Sweeps in one invocation: what is due beyond them waits for the next. */
const SWEEPS_MAX = 20;

/** Lets what has expired leave its wallets. */
export async function sweep(deps: ScheduleDependencies): Promise<void> {
  let entries = 0;
  for (let round = 0; round < SWEEPS_MAX; round += 1) {
    const swept = await sweepWallets(deps, deps.now().toISOString());
    entries += swept.entries;
    if (!swept.more) break;
  }
  deps.log.info('expiry sweep done', { count: entries });
}
