import { invariant } from '#lib/invariant';
import type { PaymentProvider } from '#lib/payments/payment-event';
import { ContentionError, type LedgerStore, type Reader, type RecordRef } from '#lib/ports';
import {
  canPurchase,
  DAY_MS,
  purchaseLimitRefs,
  type PurchaseLimitRefusal,
  purchaseLimits,
  type RecentPurchases,
} from '#lib/purchases/can-purchase';
import { paymentRef, purchaseRef } from '#lib/purchases/find-event-purchase';
import { newPurchase, type Purchase, purchaseIdOf, type Quote } from '#lib/purchases/purchase';
import { providerMinimum } from '#lib/purchases/provider-minimum';
import { statusOf } from '#lib/purchases/purchase-status';

const ATTEMPTS_MAX = 10;
/** Purchases are looked at in batches, of what one read can bring. */
const PENDING_BATCH = 50;

export interface PurchaseAttempt {
  readonly userId: string;
  readonly provider: PaymentProvider;
  /** Where its user did not begin it themselves. */
  readonly origin?: NonNullable<Purchase['origin']>;
  /** Of the request (`request:<hash>`): its retry continues the purchase that it began. */
  readonly cause: string;
  readonly fingerprint: string | null;
  readonly now: string;
}

/** What a purchase is to be of, from items that were read, or why it cannot be. */
export interface Pricing<F> {
  readonly reads: readonly RecordRef[];
  readonly quote: (
    read: Reader,
  ) => { readonly ok: true; readonly quote: Quote } | { readonly ok: false; readonly refusal: F };
}

export type BeginRefusal = PurchaseLimitRefusal | { readonly code: 'IDEMPOTENCY_KEY_REUSED' };

export type Begun<F> =
  | { readonly ok: true; readonly purchase: Purchase }
  | { readonly ok: false; readonly refusal: F | BeginRefusal };

type Session = NonNullable<Purchase['session']>;
type Store = Pick<LedgerStore, 'load' | 'write'>;

/**
 * Stores a purchase before any provider hears of it, or finds the one that the same request began (DESIGN 6). The
 * user's count changes with it, so that no number of requests at once gets past a limit.
 */
export async function beginPurchase<F>(
  store: Store,
  attempt: PurchaseAttempt,
  pricing: Pricing<F>,
): Promise<Begun<F>> {
  const { cause, fingerprint, now, origin, provider, userId } = attempt;
  const purchaseId = purchaseIdOf(cause);
  for (let tries = 0; tries < ATTEMPTS_MAX; tries += 1) {
    const read = await store.load([
      purchaseRef(purchaseId),
      { record: 'purchaseCount', id: { userId } },
      { record: 'account', id: { userId } },
      ...purchaseLimitRefs,
      ...pricing.reads,
    ]);
    // What was begun counts, even if its package, its price or a limit has changed since (DESIGN 3.8).
    const begun = read('purchase', { purchaseId })?.value;
    if (begun) {
      return begun.fingerprint === fingerprint
        ? { ok: true, purchase: begun }
        : { ok: false, refusal: { code: 'IDEMPOTENCY_KEY_REUSED' } };
    }
    const quoted = pricing.quote(read);
    if (!quoted.ok) return quoted;
    const count = read('purchaseCount', { userId });
    const recent = recentOf(count?.value.recent ?? [], now);
    const limits = purchaseLimits(read);
    const pending =
      recent.length < limits.pendingMax ? recent.length : await countPending(store, recent);
    const amountMin = providerMinimum(provider, quoted.quote.currency);
    const allowed = canPurchase(quoted.quote, { limits, amountMin, recent, pending, now });
    if (!allowed.ok) return allowed;
    const purchase = newPurchase(quoted.quote, {
      id: purchaseId,
      userId,
      number: (count?.value.count ?? 0) + 1,
      provider,
      ...(origin !== undefined && { origin }),
      email: read('account', { userId })?.value.email ?? null,
      fingerprint,
      createdAt: now,
    });
    const isFirst = await store.write([
      { ...purchaseRef(purchaseId), value: purchase, version: null },
      {
        record: 'purchaseCount',
        id: { userId },
        value: { count: purchase.number, recent: [...recent, { purchaseId, at: now }] },
        version: count?.version ?? null,
      },
    ]);
    if (isFirst) return { ok: true, purchase };
  }
  throw new ContentionError('purchases of one user raced past the bound');
}

/**
 * Stores the provider's session or order beside its purchase, and how to find the purchase from it. Answers the one in
 * force: an event, or the same request sent twice, may have been faster.
 */
export async function bindSession(
  store: Store,
  binding: { readonly purchase: Purchase; readonly session: Session },
): Promise<Session> {
  const { purchase, session } = binding;
  const purchaseAt = purchaseRef(purchase.id);
  const reference = paymentRef(purchase, session.id);
  for (let tries = 0; tries < ATTEMPTS_MAX; tries += 1) {
    const read = await store.load([purchaseAt, reference]);
    const stored = read('purchase', purchaseAt.id);
    invariant(stored, 'a purchase that was begun is there');
    const known = stored.value.session;
    if (known !== null && known.id !== session.id) return known;
    const isReferred = read('paymentReference', reference.id) !== null;
    // What had no page could only be over because of that.
    const outcomes =
      known === null
        ? stored.value.outcomes.filter(({ kind }) => kind !== 'expired')
        : stored.value.outcomes;
    const value = { ...stored.value, session, outcomes };
    const isBound = await store.write([
      { ...purchaseAt, value, version: stored.version },
      ...(isReferred ? [] : [{ ...reference, value: { purchaseId: purchase.id }, version: null }]),
    ]);
    if (isBound) return session;
  }
  throw new ContentionError('a purchase changed faster than its session could be stored');
}

/** By the clocks of several functions: one that is ahead must not make a purchase older than it is. */
function recentOf(begun: RecentPurchases, now: string): RecentPurchases {
  const since = Date.parse(now) - DAY_MS;
  return begun.filter(({ at }) => Date.parse(at) > since);
}

async function countPending(store: Store, recent: RecentPurchases): Promise<number> {
  let pending = 0;
  for (let start = 0; start < recent.length; start += PENDING_BATCH) {
    const refs = recent
      .slice(start, start + PENDING_BATCH)
      .map(({ purchaseId }) => purchaseRef(purchaseId));
    const read = await store.load(refs);
    pending += refs.filter(({ id }) => {
      const purchase = read('purchase', id)?.value;
      return purchase !== undefined && statusOf(purchase) === 'pending';
    }).length;
  }
  return pending;
}
