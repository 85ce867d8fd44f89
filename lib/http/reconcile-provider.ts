import type { Log } from '#lib/http/log';
import type { CountMetric } from '#lib/http/metrics';
import type { LedgerStore, RecentPurchaseStore } from '#lib/ports';
import type { ProviderRecords } from '#lib/purchases/provider-records';
import type { Purchase } from '#lib/purchases/purchase';
import { reconcilePurchases } from '#lib/purchases/reconcile-purchases';
import { driftOf, type Reconciliation } from '#lib/purchases/reconciliation';

export interface ReconcileProviderDependencies {
  readonly ledger: LedgerStore;
  readonly recent: RecentPurchaseStore;
  /** Null for a provider that is not set up. */
  readonly records: (provider: Purchase['provider']) => Promise<ProviderRecords | null>;
  readonly now: () => Date;
  readonly count: CountMetric;
  readonly log: Log;
}

/**
 * Compares one provider's records with our purchases and says what came of it, in lines and in what alarms watch
 * (DESIGN 6, 12). The schedule and a person's request are the same run; two at once apply nothing twice. Null where the
 * provider is not set up. Throws what kept it from ending.
 */
export async function reconcileProvider(
  deps: ReconcileProviderDependencies,
  provider: Purchase['provider'],
): Promise<Reconciliation | null> {
  const { count, ledger: store, log, recent } = deps;
  try {
    const records = await deps.records(provider);
    if (!records) {
      log.info('reconciliation leaves out a provider that is not set up', { provider });
      return null;
    }
    const now = deps.now().toISOString();
    const report = await reconcilePurchases({ store, recent, records }, { now });
    tell(deps, report);
    return report;
  } catch (error) {
    count('ReconciliationIncomplete');
    throw error;
  }
}

function tell(
  { count, log }: Pick<ReconcileProviderDependencies, 'count' | 'log'>,
  report: Reconciliation,
): void {
  const { checked, findings, problems, provider } = report;
  const drift = driftOf(report);
  if (drift > 0) count('ReconciliationDrift', drift);
  for (const { about, detail, kind, purchaseId } of findings) {
    log[kind === 'expired' ? 'info' : 'warn'](`reconciliation found ${kind}`, {
      provider,
      event_id: about,
      reason: detail,
      ...(purchaseId !== null && { purchase_id: purchaseId }),
    });
  }
  if (problems.length > 0) count('ReconciliationIncomplete');
  for (const reason of problems) log.warn('reconciliation is not complete', { provider, reason });
  log.info('reconciliation done', { provider, count: checked });
}
