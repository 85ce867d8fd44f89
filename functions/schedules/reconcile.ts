import type { ScheduleDependencies } from '#functions/schedules/dependencies';
import { reconcilePurchases } from '#lib/purchases/reconcile-purchases';
import { driftOf } from '#lib/purchases/reconciliation';

/** Compares every provider's records with our purchases; one that fails does not keep the others from it. */
export async function reconcile(deps: ScheduleDependencies): Promise<void> {
  const { count, ledger: store, log, recent } = deps;
  const now = deps.now().toISOString();
  const providers = await deps.records();
  const runs = await Promise.allSettled(
    providers.map(async (records) => {
      const report = await reconcilePurchases({ store, recent, records }, { now });
      const { provider } = report;
      const drift = driftOf(report);
      if (drift > 0) count('ReconciliationDrift', drift);
      for (const { about, detail, kind, purchaseId } of report.findings) {
        log[kind === 'expired' ? 'info' : 'warn'](`reconciliation found ${kind}`, {
          provider,
          event_id: about,
          reason: detail,
          ...(purchaseId !== null && { purchase_id: purchaseId }),
        });
      }
      for (const reason of report.problems) {
        log.warn('reconciliation is not complete', { provider, reason });
      }
      log.info('reconciliation done', { provider, count: report.checked });
    }),
  );
  const failures = runs.filter((run) => run.status === 'rejected');
  const [first] = failures;
  if (!first) return;
  throw new Error(`${failures.length} reconciliations failed`, { cause: first.reason });
}
