import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { problem } from '#lib/contract/problem';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { endpoint } from '#lib/http/endpoint';
import { toPurchase } from '#lib/http/purchase-resource';
import { findPurchase } from '#lib/purchases/find-purchase';

/** GET /credits/purchases/{id} */
export const getPurchase = endpoint(
  purchaseRoutes.getPurchase,
  async ({ caller, params }, { store }: PurchaseDependencies) => {
    const purchase = await findPurchase({ store }, { userId: caller.sub, purchaseId: params.id });
    if (!purchase) throw problem('NOT_FOUND');
    return { status: 200, body: toPurchase(purchase) };
  },
);
