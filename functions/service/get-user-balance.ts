import type { ServiceDependencies } from '#functions/service/dependencies';
import { serviceRoutes } from '#lib/contract/routes/service';
import { userBalance } from '#lib/http/balance-at';
import { endpoint } from '#lib/http/endpoint';

/** GET /api/credits/{userId}/balance */
export const getUserBalance = endpoint(
  serviceRoutes.getUserBalance,
  async ({ params, query, request }, stores: ServiceDependencies) => ({
    status: 200,
    body: await userBalance(stores, { userId: params.userId, query, request }),
  }),
);
