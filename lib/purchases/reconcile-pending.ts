import type { Translation } from '#lib/payments/payment-event';
import { ContentionError, type LedgerStore, type RecentPurchaseStore } from '#lib/ports';
import { bindSession } from '#lib/purchases/begin-purchase';
import { purchaseRef } from '#lib/purchases/find-event-purchase';
import type { ProviderRecords } from '#lib/purchases/provider-records';
import type { Purchase, RefundRequest } from '#lib/purchases/purchase';
import { withOutcome } from '#lib/purchases/purchase-facts';
import { isOpenRequest, statusOf, unknownOutcomesOf } from '#lib/purchases/purchase-status';
import { reconcileEvent } from '#lib/purchases/reconcile-event';
import type { Finding } from '#lib/purchases/reconciliation';
import { REPEATABLE_MS } from '#lib/purchases/refund-purchase';

const DAY_MS = 86_400_000;
/** What is younger has its event, or the answer to our own call, still on the way. */
export const SETTLING_MS = 15 * 60_000;
/** A page lives for a day; an order has no end of its own. */
const SESSION_MS = DAY_MS;
/** Slow bank payments take up to 14 days. */
const PENDING_DAYS = 15;
const PENDING_ASKED_MAX = 200;
/** A provider that does not answer is not asked about all of them. */
export const PENDING_FAILURES_MAX = 3;
const ATTEMPTS_MAX = 10;

export interface PendingDependencies {
  readonly store: Pick<LedgerStore, 'load' | 'loadEntry' | 'run' | 'write'>;
  readonly recent: RecentPurchaseStore;
  readonly records: ProviderRecords;
}

export interface PendingReport {
  readonly checked: number;
  readonly findings: readonly Finding[];
  readonly problems: readonly string[];
}

/**
 * Purchases that wait for their provider's word: that should have been paid or over by now, whose page or order was
 * never confirmed to us, or whose refund was not. The provider is asked about each (DESIGN 6). `isListed`: every refund
 * of the last weeks has been seen, so that what is not among them was never made.
 */
export async function reconcilePending(
  deps: PendingDependencies,
  run: { readonly now: string; readonly isListed: boolean },
): Promise<PendingReport> {
  const { now } = run;
  const purchases = await recentPurchases(deps, now);
  const due = purchases.filter((purchase) => isDue(purchase, now));
  const findings: Finding[] = run.isListed ? await endRefundRequests(deps, purchases, now) : [];
  const problems: string[] = [];
  if (due.length > PENDING_ASKED_MAX) {
    problems.push(`${due.length - PENDING_ASKED_MAX} more pending purchases wait for the next run`);
  }
  // The oldest first: they leave the list, and the others follow.
  const asked = due.toReversed().slice(0, PENDING_ASKED_MAX);
  let failures = 0;
  for (const purchase of asked) {
    if (failures === PENDING_FAILURES_MAX) break;
    const asking = await reconcileSession(deps, { purchase, now });
    findings.push(...asking.findings);
    if (asking.problem === null) continue;
    failures += 1;
    problems.push(`${purchase.id}: ${asking.problem}`);
  }
  return { checked: asked.length, findings, problems };
}

/** Applies what a provider says of one or several objects, each by the path of its events. */
export async function applyRecords(
  { store }: Pick<PendingDependencies, 'store'>,
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

async function recentPurchases(
  { recent, records }: PendingDependencies,
  now: string,
): Promise<readonly Purchase[]> {
  const purchases: Purchase[] = [];
  for (let day = 0; day <= PENDING_DAYS; day += 1) {
    const created = await recent.createdOn(before(now, day * DAY_MS).slice(0, 10));
    purchases.push(...created.filter(({ provider }) => provider === records.provider));
  }
  return purchases;
}

function isDue(purchase: Purchase, now: string): boolean {
  if (statusOf(purchase) !== 'pending') return false;
  // A charge of a saved card is asked about by whoever asked for it, for as long as that can be repeated.
  if (purchase.origin === 'auto_topup') return isOver(purchase, now);
  const isUnknown = unknownOutcomesOf(purchase).includes('checkout');
  return isOver(purchase, now) || (isUnknown && purchase.createdAt <= before(now, SETTLING_MS));
}

function isOver(purchase: Purchase, now: string): boolean {
  const expiresAt = purchase.session?.expiresAt ?? before(purchase.createdAt, -SESSION_MS);
  return expiresAt <= before(now, SETTLING_MS);
}

async function reconcileSession(
  deps: PendingDependencies,
  about: { readonly purchase: Purchase; readonly now: string },
): Promise<{ readonly findings: readonly Finding[]; readonly problem: string | null }> {
  const { now, purchase } = about;
  const { id: purchaseId } = purchase;
  const answer = await deps.records.findSession(purchase);
  if (answer.kind === 'unknown') return { findings: [], problem: answer.detail };
  const findings: Finding[] = [];
  if (answer.kind === 'found') {
    const { session, translations } = answer;
    const isNews = purchase.session === null;
    // Nobody could pay it until now; the same request sent again hands it to the buyer.
    if (isNews) await bindSession(deps.store, { purchase, session });
    findings.push(...(await applyRecords(deps, translations, now)));
    if (answer.isOpen || !isOver({ ...purchase, session }, now)) {
      const detail = 'its payment page or order was never confirmed to us';
      const restored = { kind: 'restored', about: session.id, purchaseId, detail } as const;
      if (isNews && findings.length === 0) findings.push(restored);
      return { findings, problem: null };
    }
  }
  if (await expire(deps.store, { purchaseId, now })) {
    const detail = answer.kind === 'absent' ? 'there is nothing to pay' : 'nobody paid';
    findings.push({ kind: 'expired', about: purchaseId, purchaseId, detail });
  }
  return { findings, problem: null };
}

/** False where it is no longer pending: money that comes later still counts. */
async function expire(
  store: PendingDependencies['store'],
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

/** Refunds that were asked for, can no longer be repeated, and that the provider has never heard of. */
async function endRefundRequests(
  { store }: PendingDependencies,
  purchases: readonly Purchase[],
  now: string,
): Promise<Finding[]> {
  const isAbsent = (request: RefundRequest): boolean => {
    // Without a key of its own nobody can repeat it, and what has come of it is listed as soon as it has settled.
    const repeatableMs = request.fingerprint === null ? SETTLING_MS : REPEATABLE_MS;
    return isOpenRequest(request) && request.at <= before(now, repeatableMs + SETTLING_MS);
  };
  const findings: Finding[] = [];
  for (const { id: purchaseId, refundRequests } of purchases) {
    if (!refundRequests?.some(isAbsent)) continue;
    const ref = purchaseRef(purchaseId);
    const stored = (await store.load([ref]))('purchase', ref.id);
    const requests = stored?.value.refundRequests ?? [];
    const absent = requests.filter(isAbsent);
    if (!stored || absent.length === 0) continue;
    const refundRequestsNow = requests.map((request) =>
      isAbsent(request) ? ({ ...request, ended: 'absent' } as const) : request,
    );
    const value = { ...stored.value, refundRequests: refundRequestsNow };
    // A lost race leaves it to the next run.
    if (!(await store.write([{ ...ref, value, version: stored.version }]))) continue;
    const detail = 'the refund that was asked for was never made';
    findings.push(
      ...absent.map(({ key }) => ({ kind: 'expired', about: key, purchaseId, detail }) as const),
    );
  }
  return findings;
}

function before(instant: string, ms: number): string {
  return new Date(Date.parse(instant) - ms).toISOString();
}
