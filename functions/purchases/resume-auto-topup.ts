import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { ownTopUpRoutes } from '#lib/contract/routes/topups';
import { endpoint } from '#lib/http/endpoint';
import { topUpAnswer } from '#lib/http/top-up-resource';
import { resumeTopUp } from '#lib/topups/change-top-up';

/** POST /credits/auto-topup/resume */
export const resumeAutoTopup = endpoint(
  ownTopUpRoutes.resumeAutoTopup,
  async ({ caller, body, request }, { store }: PurchaseDependencies) => {
    const { now } = request;
    const wallet = { userId: caller.sub, creditType: body.credit_type };
    return topUpAnswer(await resumeTopUp(store, { wallet, request, now }), now);
  },
);
