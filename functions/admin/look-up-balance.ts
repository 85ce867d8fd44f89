import type { AdminDependencies } from '#functions/admin/dependencies';
import { adminUserRoutes } from '#lib/contract/routes/admin-users';
import { userBalance } from '#lib/http/balance-at';
import { endpoint } from '#lib/http/endpoint';

/** GET /admin/credits/user/{userId}/balance */
export const lookUpBalance = endpoint(
  adminUserRoutes.lookUpBalance,
  async ({ params, query, request }, stores: AdminDependencies) => ({
    status: 200,
    body: await userBalance(stores, { userId: params.userId, query, request }),
  }),
);
