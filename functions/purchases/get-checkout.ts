import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { problem } from '#lib/contract/problem';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { endpoint } from '#lib/http/endpoint';
import { toCheckoutStatus } from '#lib/http/purchase-resource';
import { findBySession } from '#lib/purchases/find-purchase';

/** GET /credits/checkout/{session_id} */
export const getCheckout = endpoint(
  purchaseRoutes.getCheckout,
  async ({ caller, params }, { store }: PurchaseDependencies) => {
    const { session_id: sessionId } = params;
    const sought = { userId: caller.sub, provider: 'stripe', sessionId } as const;
    const purchase = await findBySession({ store }, sought);
    if (!purchase) throw problem('NOT_FOUND');
    return { status: 200, body: toCheckoutStatus(purchase, sessionId) };
  },
);
