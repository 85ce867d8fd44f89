import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { problem } from '#lib/contract/problem';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { endpoint } from '#lib/http/endpoint';
import { findPurchase } from '#lib/purchases/find-purchase';
import { receiptPage } from '#lib/purchases/receipt';

/** GET /credits/purchases/{id}/receipt */
export const getReceipt = endpoint(
  purchaseRoutes.getReceipt,
  async ({ caller, params }, { store, sellerName }: PurchaseDependencies) => {
    const purchase = await findPurchase({ store }, { userId: caller.sub, purchaseId: params.id });
    if (!purchase) throw problem('NOT_FOUND');
    const page = receiptPage(purchase, { name: sellerName });
    if (page === null) throw problem('RECEIPT_NOT_READY');
    return { status: 200, body: page };
  },
);
