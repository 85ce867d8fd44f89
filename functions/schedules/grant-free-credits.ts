import type { ScheduleDependencies } from '#functions/schedules/dependencies';
import { grantFreeCredits as grant } from '#lib/subscriptions/grant-free-credits';

/** Looks in one invocation: whoever is due beyond them waits for the next. */
const LOOKS_MAX = 50;

/** Gives FREE's monthly credits to whom they are due. */
export async function grantFreeCredits(deps: ScheduleDependencies): Promise<void> {
  let granted = 0;
  let refused = 0;
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const given = await grant(deps, deps.now().toISOString());
    granted += given.granted;
    refused += given.refused;
    if (!given.more) break;
  }
  deps.log.info('monthly credits granted', { count: granted });
  if (refused > 0) deps.log.warn('wallets had no room for monthly credits', { count: refused });
}
