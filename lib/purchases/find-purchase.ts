import type { PaymentProvider } from '#lib/payments/payment-event';
import type { LedgerStore } from '#lib/ports';
import { paymentRef, purchaseRef } from '#lib/purchases/find-event-purchase';
import type { Purchase } from '#lib/purchases/purchase';

type Reading = { readonly store: Pick<LedgerStore, 'load'> };

/** A user's own purchase; null where there is none or it is another's, which nobody may tell apart (DESIGN 5). */
export async function findPurchase(
  { store }: Reading,
  wanted: { readonly userId: string; readonly purchaseId: string },
): Promise<Purchase | null> {
  const ref = purchaseRef(wanted.purchaseId);
  const purchase = (await store.load([ref]))('purchase', ref.id)?.value;
  return purchase?.userId === wanted.userId ? purchase : null;
}

/** The purchase of a user's own payment page or order, or null. */
export async function findBySession(
  deps: Reading,
  wanted: {
    readonly userId: string;
    readonly provider: PaymentProvider;
    readonly sessionId: string;
  },
): Promise<Purchase | null> {
  const ref = paymentRef(wanted, wanted.sessionId);
  const reference = (await deps.store.load([ref]))('paymentReference', ref.id)?.value;
  const purchaseId = reference?.purchaseId ?? null;
  if (purchaseId === null) return null;
  const purchase = await findPurchase(deps, { userId: wanted.userId, purchaseId });
  // Payments lead to a purchase as well, and are nobody's page.
  return purchase?.session?.id === wanted.sessionId ? purchase : null;
}
