import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { userTopUpRoutes } from '#lib/contract/routes/topups';
import { endpoint } from '#lib/http/endpoint';
import { topUpAnswer, toTermsChange } from '#lib/http/top-up-resource';
import { putTopUp } from '#lib/topups/change-top-up';

/** PUT /api/credits/{userId}/auto-topup */
export const putUserAutoTopup = endpoint(
  userTopUpRoutes.putUserAutoTopup,
  async ({ params, body, request }, { store }: PurchaseDependencies) => {
    const { now } = request;
    const wallet = { userId: params.userId, creditType: body.credit_type };
    const wanted = { wallet, enabled: body.enabled, change: toTermsChange(body), request, now };
    return topUpAnswer(await putTopUp(store, wanted), now);
  },
);
