import type { ScheduleDependencies } from '#functions/schedules/dependencies';
import { verifyMovedWallets } from '#lib/wallets/verify-moved';

/** Of one run: it ends well before the function is cut off, and the next goes on. */
const RUN_MS = 400_000;

/** Proves the wallets that have moved, and alarms where one does not follow from its entries. */
export async function verifyLedger(deps: ScheduleDependencies): Promise<void> {
  const { count, history, ledger, log, moves, now } = deps;
  const start = now();
  const end = start.getTime() + RUN_MS;
  const run = await verifyMovedWallets(
    { history, ledger, moves },
    { now: start.toISOString(), hasTime: () => now().getTime() < end },
  );
  for (const { problems, wallet } of run.broken) {
    const reason = problems.map(({ code, seq }) => `${code} at ${seq}`).join(', ');
    log.error('a wallet does not follow from its entries', {
      about: `${wallet.userId} ${wallet.creditType}`,
      reason,
    });
  }
  if (run.broken.length > 0) count('VerificationFailures', run.broken.length);
  log.info(`ledger proven to ${run.verifiedTo}`, { count: run.wallets });
}
