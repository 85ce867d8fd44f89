import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { problem } from '#lib/contract/problem';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { endpoint } from '#lib/http/endpoint';
import { toCheckoutStatus } from '#lib/http/purchase-resource';
import { findCheckout } from '#lib/purchases/find-purchase';

/** GET /credits/checkout/{session_id} */
export const getCheckout = endpoint(
  purchaseRoutes.getCheckout,
  async ({ caller, params }, { store }: PurchaseDependencies) => {
    const { session_id: sessionId } = params;
    const purchase = await findCheckout({ store }, { userId: caller.sub, sessionId });
    if (!purchase) throw problem('NOT_FOUND');
    return { status: 200, body: toCheckoutStatus(purchase, sessionId) };
  },
);
