import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { userTopUpRoutes } from '#lib/contract/routes/topups';
import { endpoint } from '#lib/http/endpoint';
import { toTopUp } from '#lib/http/top-up-resource';
import { readTopUp } from '#lib/topups/change-top-up';

/** GET /api/credits/{userId}/auto-topup */
export const getUserAutoTopup = endpoint(
  userTopUpRoutes.getUserAutoTopup,
  async ({ params, query, request: { now } }, { store }: PurchaseDependencies) => {
    const wallet = { userId: params.userId, creditType: query.credit_type };
    return { status: 200, body: toTopUp(await readTopUp(store, { wallet, now }), now) };
  },
);
