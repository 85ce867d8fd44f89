import { beginProblem } from '#functions/purchases/begin-problem';
import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { DEFAULT_CREDIT_TYPE } from '#lib/contract/credit-types';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { endpoint } from '#lib/http/endpoint';
import { toInitiatedPurchase } from '#lib/http/purchase-resource';
import { initiatePurchase as beginOrder } from '#lib/purchases/initiate-purchase';

/** POST /credits/initiate-purchase */
export const initiatePurchase = endpoint(
  purchaseRoutes.initiatePurchase,
  async ({ caller, body, request }, { log, orders, store }: PurchaseDependencies) => {
    const { credits, credit_type: creditType = DEFAULT_CREDIT_TYPE, package_id: packageId } = body;
    const outcome = await beginOrder(
      { orders, store },
      {
        userId: caller.sub,
        // The contract takes either of them.
        wanted: credits === undefined ? { packageId: packageId ?? '' } : { credits, creditType },
        currency: body.currency,
        cause: request.cause,
        fingerprint: request.fingerprint,
        now: request.now,
      },
    );
    if (!outcome.ok) {
      throw beginProblem(outcome.refusal, { log, requestId: request.id, provider: 'razorpay' });
    }
    return { status: 201, body: toInitiatedPurchase(outcome), replayed: outcome.replayed };
  },
);
