import { setupAnswer } from '#functions/purchases/setup-answer';
import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { ownTopUpRoutes } from '#lib/contract/routes/topups';
import { endpoint } from '#lib/http/endpoint';
import { setUpCard } from '#lib/topups/set-up-card';

/** POST /credits/auto-topup/setup */
export const setUpAutoTopup = endpoint(
  ownTopUpRoutes.setUpAutoTopup,
  async ({ caller, body, request }, deps: PurchaseDependencies) => {
    const wallet = { userId: caller.sub, creditType: body.credit_type };
    const { cancel_url: cancelUrl, success_url: successUrl } = body;
    const asked = { wallet, successUrl, cancelUrl, request, now: request.now };
    const outcome = await setUpCard(deps, asked);
    return setupAnswer(outcome, { log: deps.log, requestId: request.id });
  },
);
