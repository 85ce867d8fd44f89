import {
  applyRecords,
  type PendingDependencies,
  reconcilePending,
  SETTLING_MS,
} from '#lib/purchases/reconcile-pending';
import { type Reconciliation, reportOf } from '#lib/purchases/reconciliation';

const DAY_MS = 86_400_000;
/** Three runs of a whole day may fail before anything is missed. */
const PAYMENTS_MS = 3 * DAY_MS;
/** Banks refuse refunds for weeks (docs.stripe.com/refunds#failed-refunds). */
const REFUNDS_MS = 35 * DAY_MS;
/** Verdicts take up to three months. */
const DISPUTES_MS = 120 * DAY_MS;

/**
 * Compares what a provider has on record with our purchases, by the path that its events take (DESIGN 6): what was
 * missed is applied, the rest reported. Done again at once, it finds nothing to restore. Purchases that nobody paid
 * expire once the provider has said so, and what we could not tell of a page or refund is asked for. The report is kept.
 */
export async function reconcilePurchases(
  deps: PendingDependencies,
  input: { readonly now: string },
): Promise<Reconciliation> {
  const { store, records } = deps;
  const { now } = input;
  const listing = await records.listRecords({
    payments: before(now, PAYMENTS_MS),
    refunds: before(now, REFUNDS_MS),
    disputes: before(now, DISPUTES_MS),
    until: before(now, SETTLING_MS),
  });
  const findings = await applyRecords(deps, listing.translations, now);
  const isListed = listing.problems.length === 0;
  const pending = await reconcilePending(deps, { now, isListed });
  const report = reportOf({
    provider: records.provider,
    at: now,
    checked: listing.translations.length + pending.checked,
    findings: [...findings, ...pending.findings],
    problems: [...listing.problems, ...pending.problems],
  });
  const id = { provider: records.provider, at: now };
  // Two runs of the same moment have compared the same.
  await store.write([{ record: 'reconciliation', id, value: report, version: null }]);
  return report;
}

function before(instant: string, ms: number): string {
  return new Date(Date.parse(instant) - ms).toISOString();
}
