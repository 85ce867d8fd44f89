import { type PackagePrice, priceOf } from '#lib/catalog/package';
import type { CheckoutProvider, OpenedSession } from '#lib/purchases/checkout-provider';
import type { PaymentProvider } from '#lib/payments/payment-event';
import { ContentionError, type LedgerStore, type Reader, type Stored } from '#lib/ports';
import { paymentRef, purchaseRef } from '#lib/purchases/find-event-purchase';
import { newPurchase, type Purchase, purchaseIdOf } from '#lib/purchases/purchase';

const ATTEMPTS_MAX = 10;
const PROVIDER: PaymentProvider = 'stripe';

export interface CheckoutRequest {
  readonly userId: string;
  readonly packageId: string;
  readonly currency: string | undefined;
  readonly successUrl: string;
  readonly cancelUrl: string;
  /** Of the request (`request:<hash>`): its retry continues the purchase that it began. */
  readonly cause: string;
  readonly fingerprint: string | null;
  readonly now: string;
}

export interface CheckoutDependencies {
  readonly store: Pick<LedgerStore, 'load' | 'write'>;
  readonly checkout: CheckoutProvider;
  /** Origins that a buyer may be sent back to; anything else would make us an open redirect. */
  readonly redirectOrigins: ReadonlySet<string>;
}

export type CheckoutRefusal =
  | { readonly code: 'IDEMPOTENCY_KEY_REUSED' | 'NOT_FOUND' | 'PACKAGE_NOT_AVAILABLE' }
  | { readonly code: 'CURRENCY_NOT_AVAILABLE'; readonly currency: string }
  | { readonly code: 'URL_NOT_ALLOWED'; readonly field: 'success_url' | 'cancel_url' }
  | {
      readonly code: 'PAYMENT_PROVIDER_FAILED' | 'PAYMENT_PROVIDER_UNAVAILABLE';
      readonly purchaseId: string;
      readonly detail: string;
    };

export type CheckoutOutcome =
  | {
      readonly ok: true;
      readonly purchaseId: string;
      readonly sessionId: string;
      readonly url: string;
      readonly replayed: boolean;
    }
  | { readonly ok: false; readonly refusal: CheckoutRefusal };

/**
 * Begins a purchase and opens its payment page (DESIGN 6). The purchase is stored before the provider is asked, so
 * whatever gets lost on the way, an event finds it, and the same request sent again continues it.
 */
export async function createCheckout(
  deps: CheckoutDependencies,
  request: CheckoutRequest,
): Promise<CheckoutOutcome> {
  const begun = await beginPurchase(deps, request);
  if (!begun.ok) return begun;
  const { purchase } = begun;
  const known = purchase.session;
  if (known?.url != null) {
    return opened(purchase.id, { id: known.id, url: known.url, replayed: true });
  }
  const answer = await deps.checkout.openSession({
    purchaseId: purchase.id,
    amountMinor: purchase.amountMinor,
    currency: purchase.currency,
    productName: purchase.packageName,
    productDescription: `${purchase.credits} credits`,
    email: purchase.email,
    successUrl: request.successUrl,
    cancelUrl: request.cancelUrl,
  });
  if (answer.kind !== 'opened') {
    const code =
      answer.kind === 'refused' ? 'PAYMENT_PROVIDER_FAILED' : 'PAYMENT_PROVIDER_UNAVAILABLE';
    return refused({ code, purchaseId: purchase.id, detail: answer.detail });
  }
  await bindSession(deps.store, { purchaseId: purchase.id, session: answer.session });
  return opened(purchase.id, { ...answer.session, replayed: false });
}

type Begun =
  | { readonly ok: true; readonly purchase: Purchase }
  | { readonly ok: false; readonly refusal: CheckoutRefusal };

async function beginPurchase(
  { store, redirectOrigins }: CheckoutDependencies,
  request: CheckoutRequest,
): Promise<Begun> {
  const purchaseId = purchaseIdOf(request.cause);
  const { userId, packageId } = request;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const read = await store.load([
      purchaseRef(purchaseId),
      { record: 'package', id: { packageId } },
      { record: 'purchaseCount', id: { userId } },
      { record: 'account', id: { userId } },
    ]);
    // What was begun counts, even if the package has changed or gone since (DESIGN 3.8).
    const begun = read('purchase', { purchaseId })?.value;
    if (begun) {
      return begun.fingerprint === request.fingerprint
        ? { ok: true, purchase: begun }
        : refused({ code: 'IDEMPOTENCY_KEY_REUSED' });
    }
    const priced = priceFor(read, request, redirectOrigins);
    if (!priced.ok) return priced;
    const count = read('purchaseCount', { userId });
    const purchase = purchaseFrom(priced.price, { read, request, count });
    const isFirst = await store.write([
      { ...purchaseRef(purchaseId), value: purchase, version: null },
      {
        record: 'purchaseCount',
        id: { userId },
        value: { count: purchase.number },
        version: count?.version ?? null,
      },
    ]);
    if (isFirst) return { ok: true, purchase };
  }
  throw new ContentionError('checkouts of one user raced past the bound');
}

function priceFor(
  read: Reader,
  request: CheckoutRequest,
  origins: ReadonlySet<string>,
): { readonly ok: true; readonly price: PackagePrice } | Extract<Begun, { ok: false }> {
  const { successUrl, cancelUrl, packageId, currency } = request;
  if (!origins.has(new URL(successUrl).origin)) {
    return refused({ code: 'URL_NOT_ALLOWED', field: 'success_url' });
  }
  if (!origins.has(new URL(cancelUrl).origin)) {
    return refused({ code: 'URL_NOT_ALLOWED', field: 'cancel_url' });
  }
  const offered = read('package', { packageId })?.value;
  if (!offered) return refused({ code: 'NOT_FOUND' });
  if (!offered.active) return refused({ code: 'PACKAGE_NOT_AVAILABLE' });
  const price = priceOf(offered, currency);
  if (!price) return refused({ code: 'CURRENCY_NOT_AVAILABLE', currency: currency ?? '' });
  return { ok: true, price };
}

function purchaseFrom(
  { creditPackage, amountMinor, currency }: PackagePrice,
  from: {
    readonly read: Reader;
    readonly request: CheckoutRequest;
    readonly count: Stored<'purchaseCount'> | null;
  },
): Purchase {
  const { read, request, count } = from;
  const { userId, cause, fingerprint, now } = request;
  return newPurchase(
    {
      creditType: creditPackage.creditType,
      credits: creditPackage.credits,
      amountMinor,
      currency,
      packageId: creditPackage.id,
      packageName: creditPackage.name,
    },
    {
      id: purchaseIdOf(cause),
      userId,
      number: (count?.value.count ?? 0) + 1,
      provider: PROVIDER,
      email: read('account', { userId })?.value.email ?? null,
      fingerprint,
      createdAt: now,
    },
  );
}

/** Stores the page beside the purchase, and how to find the purchase from it. An event may have been faster. */
async function bindSession(
  store: CheckoutDependencies['store'],
  opening: { readonly purchaseId: string; readonly session: OpenedSession },
): Promise<void> {
  const { purchaseId, session } = opening;
  const purchaseAt = purchaseRef(purchaseId);
  const reference = paymentRef({ provider: PROVIDER }, session.id);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const read = await store.load([purchaseAt, reference]);
    const stored = read('purchase', purchaseAt.id);
    if (!stored) break;
    const isReferred = read('paymentReference', reference.id) !== null;
    const isBound = await store.write([
      { ...purchaseAt, value: { ...stored.value, session }, version: stored.version },
      ...(isReferred ? [] : [{ ...reference, value: { purchaseId }, version: null }]),
    ]);
    if (isBound) return;
  }
  throw new ContentionError('a purchase changed faster than its session could be stored');
}

function opened(
  purchaseId: string,
  session: { readonly id: string; readonly url: string; readonly replayed: boolean },
): CheckoutOutcome {
  const { id: sessionId, url, replayed } = session;
  return { ok: true, purchaseId, sessionId, url, replayed };
}

function refused(refusal: CheckoutRefusal): {
  readonly ok: false;
  readonly refusal: CheckoutRefusal;
} {
  return { ok: false, refusal };
}
