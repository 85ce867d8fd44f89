import type { LedgerStore } from '#lib/ports';
import { type BeginRefusal, beginPurchase, bindSession } from '#lib/purchases/begin-purchase';
import type { OrderProvider } from '#lib/purchases/order-provider';
import type { Purchase } from '#lib/purchases/purchase';
import { creditsPricing, packagePricing, type PackageRefusal } from '#lib/purchases/quote-purchase';

export interface InitiateRequest {
  readonly userId: string;
  /** A package, or any number of credits of a type. */
  readonly wanted:
    { readonly packageId: string } | { readonly credits: number; readonly creditType: string };
  readonly currency: string;
  /** Of the request (`request:<hash>`): its retry continues the purchase that it began. */
  readonly cause: string;
  readonly fingerprint: string | null;
  readonly now: string;
}

export interface InitiateDependencies {
  readonly store: Pick<LedgerStore, 'load' | 'write'>;
  readonly orders: OrderProvider;
}

export type InitiateRefusal =
  | BeginRefusal
  | PackageRefusal
  | {
      readonly code: 'PAYMENT_PROVIDER_FAILED' | 'PAYMENT_PROVIDER_UNAVAILABLE';
      readonly purchaseId: string;
      readonly detail: string;
    };

export type InitiateOutcome =
  | {
      readonly ok: true;
      readonly purchase: Purchase;
      readonly orderId: string;
      /** What the app opens the payment page with. */
      readonly keyId: string;
      readonly replayed: boolean;
    }
  | { readonly ok: false; readonly refusal: InitiateRefusal };

/**
 * Begins a purchase and opens the Razorpay order that pays it (DESIGN 6). The purchase is stored before Razorpay is
 * asked; the same request sent again, after whatever was lost, finds the same purchase and the same order.
 */
export async function initiatePurchase(
  { orders, store }: InitiateDependencies,
  request: InitiateRequest,
): Promise<InitiateOutcome> {
  const { cause, currency, fingerprint, now, userId, wanted } = request;
  const begun = await beginPurchase<PackageRefusal>(
    store,
    { userId, provider: 'razorpay', cause, fingerprint, now },
    'packageId' in wanted
      ? packagePricing({ ...wanted, currency })
      : creditsPricing({ ...wanted, currency }),
  );
  if (!begun.ok) return begun;
  const { purchase } = begun;
  if (purchase.session) {
    const keyId = await orders.keyId();
    return { ok: true, purchase, orderId: purchase.session.id, keyId, replayed: true };
  }
  const { amountMinor, id: purchaseId } = purchase;
  const answer = await orders.openOrder({
    purchaseId,
    amountMinor,
    currency: purchase.currency,
  });
  if (answer.kind !== 'opened') {
    const code =
      answer.kind === 'refused' ? 'PAYMENT_PROVIDER_FAILED' : 'PAYMENT_PROVIDER_UNAVAILABLE';
    return { ok: false, refusal: { code, purchaseId, detail: answer.detail } };
  }
  const order = { id: answer.orderId, url: null, expiresAt: null };
  const session = await bindSession(store, { purchase, session: order });
  return {
    ok: true,
    purchase,
    orderId: session.id,
    keyId: await orders.keyId(),
    replayed: false,
  };
}
