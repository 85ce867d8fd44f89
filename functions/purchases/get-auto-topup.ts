import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { ownTopUpRoutes } from '#lib/contract/routes/topups';
import { endpoint } from '#lib/http/endpoint';
import { toTopUp } from '#lib/http/top-up-resource';
import { readTopUp } from '#lib/topups/change-top-up';

/** GET /credits/auto-topup */
export const getAutoTopup = endpoint(
  ownTopUpRoutes.getAutoTopup,
  async ({ caller, query, request: { now } }, { store }: PurchaseDependencies) => {
    const wallet = { userId: caller.sub, creditType: query.credit_type };
    return { status: 200, body: toTopUp(await readTopUp(store, { wallet, now }), now) };
  },
);
