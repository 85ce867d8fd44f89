import type { Translation } from '#lib/payments/payment-event';
import { ContentionError, type LedgerStore, type RecentPurchaseStore } from '#lib/ports';
import { purchaseRef } from '#lib/purchases/find-event-purchase';
import type { ProviderRecords } from '#lib/purchases/provider-records';
import type { Purchase } from '#lib/purchases/purchase';
import { withOutcome } from '#lib/purchases/purchase-facts';
import { statusOf } from '#lib/purchases/purchase-status';
import { reconcileEvent } from '#lib/purchases/reconcile-event';
import { type Finding, type Reconciliation, reportOf } from '#lib/purchases/reconciliation';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** What is younger has its event still on the way. */
const SETTLING_MS = 15 * MINUTE_MS;
/** Three runs of a whole day may fail before anything is missed. */
const PAYMENTS_MS = 3 * DAY_MS;
/** Banks refuse refunds for weeks (docs.stripe.com/refunds#failed-refunds). */
const REFUNDS_MS = 35 * DAY_MS;
/** Verdicts take up to three months. */
const DISPUTES_MS = 120 * DAY_MS;
/** A page lives for a day; an order has no end of its own. */
const SESSION_MS = DAY_MS;
/** Slow bank payments take up to 14 days. */
const PENDING_DAYS = 15;
const PENDING_ASKED_MAX = 200;
/** A provider that does not answer is not asked about all of them. */
const PENDING_FAILURES_MAX = 3;
const ATTEMPTS_MAX = 10;

export interface ReconcileDependencies {
  readonly store: Pick<LedgerStore, 'load' | 'loadEntry' | 'run' | 'write'>;
  readonly recent: RecentPurchaseStore;
  readonly records: ProviderRecords;
}

/**
 * Compares what a provider has on record with our purchases, by the path that its events take (DESIGN 6): what was
 * missed is applied, the rest reported. Done again at once, it finds nothing to restore. Purchases that nobody paid
 * expire once the provider has said so. The report is kept.
 */
export async function reconcilePurchases(
  deps: ReconcileDependencies,
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
  const findings = await apply(deps, listing.translations, now);
  const pending = await reconcilePending(deps, now);
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

async function apply(
  { store }: ReconcileDependencies,
  translations: readonly Translation[],
  now: string,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const translation of translations) {
    const found = await reconcileEvent({ store }, { translation, now });
    if (found) findings.push(found);
  }
  return findings;
}

interface Pending {
  readonly checked: number;
  readonly findings: readonly Finding[];
  readonly problems: readonly string[];
}

/** Purchases that should have been paid or over by now: the provider is asked about each (DESIGN 6). */
async function reconcilePending(deps: ReconcileDependencies, now: string): Promise<Pending> {
  const due: Purchase[] = [];
  for (let day = 0; day <= PENDING_DAYS; day += 1) {
    const purchases = await deps.recent.createdOn(before(now, day * DAY_MS).slice(0, 10));
    due.push(...purchases.filter((purchase) => isDue(purchase, deps.records, now)));
  }
  const findings: Finding[] = [];
  const problems: string[] = [];
  if (due.length > PENDING_ASKED_MAX) {
    problems.push(`${due.length - PENDING_ASKED_MAX} more pending purchases wait for the next run`);
  }
  // The oldest first: they leave the list, and the others follow.
  const asked = due.toReversed().slice(0, PENDING_ASKED_MAX);
  let failures = 0;
  for (const purchase of asked) {
    if (failures === PENDING_FAILURES_MAX) break;
    const answer = await deps.records.findSession(purchase);
    if (answer.kind === 'unknown') {
      failures += 1;
      problems.push(`${purchase.id}: ${answer.detail}`);
      continue;
    }
    if (answer.kind === 'found') findings.push(...(await apply(deps, answer.translations, now)));
    if (answer.kind === 'found' && answer.isOpen) continue;
    if (await expire(deps.store, { purchaseId: purchase.id, now })) {
      const detail = answer.kind === 'absent' ? 'there is nothing to pay' : 'nobody paid';
      findings.push({ kind: 'expired', about: purchase.id, purchaseId: purchase.id, detail });
    }
  }
  return { checked: asked.length, findings, problems };
}

function isDue(
  purchase: Purchase,
  { provider }: Pick<ProviderRecords, 'provider'>,
  now: string,
): boolean {
  if (purchase.provider !== provider || statusOf(purchase) !== 'pending') return false;
  const expiresAt = purchase.session?.expiresAt ?? before(purchase.createdAt, -SESSION_MS);
  return expiresAt <= before(now, SETTLING_MS);
}

/** False where it is no longer pending: money that comes later still counts. */
async function expire(
  store: ReconcileDependencies['store'],
  about: { readonly purchaseId: string; readonly now: string },
): Promise<boolean> {
  const ref = purchaseRef(about.purchaseId);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const stored = (await store.load([ref]))('purchase', ref.id);
    if (!stored || statusOf(stored.value) !== 'pending') return false;
    const value = withOutcome(stored.value, { kind: 'expired', at: about.now });
    if (await store.write([{ ...ref, value, version: stored.version }])) return true;
  }
  throw new ContentionError('a pending purchase changed all the time');
}

function before(instant: string, ms: number): string {
  return new Date(Date.parse(instant) - ms).toISOString();
}
