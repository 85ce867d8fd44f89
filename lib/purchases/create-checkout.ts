import type { LedgerStore } from '#lib/ports';
import { beginPurchase, bindSession, type BeginRefusal } from '#lib/purchases/begin-purchase';
import type { CheckoutProvider } from '#lib/purchases/checkout-provider';
import { type ProviderRefusal, providerRefusal } from '#lib/purchases/provider-refusal';
import { packagePricing, type PackageRefusal } from '#lib/purchases/quote-purchase';
import { refusedUrl, type UrlRefusal } from '#lib/purchases/redirect-urls';

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
  BeginRefusal | PackageRefusal | UrlRefusal | (ProviderRefusal & { readonly purchaseId: string });

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
  const pricing = packagePricing(request);
  const { userId, cause, fingerprint, now } = request;
  const begun = await beginPurchase<UrlRefusal | PackageRefusal>(
    deps.store,
    { userId, provider: 'stripe', cause, fingerprint, now },
    { ...pricing, quote: (read) => refuseUrls(deps, request) ?? pricing.quote(read) },
  );
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
    return refused({ ...providerRefusal(answer), purchaseId: purchase.id });
  }
  await bindSession(deps.store, { purchase, session: answer.session });
  return opened(purchase.id, { ...answer.session, replayed: false });
}

/** Where a buyer may not be sent back to. */
function refuseUrls(
  { redirectOrigins }: CheckoutDependencies,
  request: CheckoutRequest,
): { readonly ok: false; readonly refusal: UrlRefusal } | null {
  const forbidden = refusedUrl(redirectOrigins, request);
  return forbidden && refused(forbidden);
}

function opened(
  purchaseId: string,
  session: { readonly id: string; readonly url: string; readonly replayed: boolean },
): CheckoutOutcome {
  const { id: sessionId, url, replayed } = session;
  return { ok: true, purchaseId, sessionId, url, replayed };
}

function refused<R extends CheckoutRefusal>(
  refusal: R,
): { readonly ok: false; readonly refusal: R } {
  return { ok: false, refusal };
}
