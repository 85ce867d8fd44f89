import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { ownTopUpRoutes } from '#lib/contract/routes/topups';
import { endpoint } from '#lib/http/endpoint';
import { topUpAnswer, toTermsChange } from '#lib/http/top-up-resource';
import { putTopUp } from '#lib/topups/change-top-up';

/** PUT /credits/auto-topup */
export const putAutoTopup = endpoint(
  ownTopUpRoutes.putAutoTopup,
  async ({ caller, body, request }, { store }: PurchaseDependencies) => {
    const { now } = request;
    const wallet = { userId: caller.sub, creditType: body.credit_type };
    const wanted = { wallet, enabled: body.enabled, change: toTermsChange(body), request, now };
    return topUpAnswer(await putTopUp(store, wanted), now);
  },
);
