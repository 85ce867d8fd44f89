import type { ServiceDependencies } from '#functions/service/dependencies';
import { serviceRoutes } from '#lib/contract/routes/service';
import { endpoint } from '#lib/http/endpoint';
import { toUserBalance } from '#lib/http/wallet-resource';

/** GET /api/credits/{userId}/balance */
export const getUserBalance = endpoint(
  serviceRoutes.getUserBalance,
  async ({ params, query, request }, { ledger }: ServiceDependencies) => {
    const head = await ledger.loadHead({ userId: params.userId, creditType: query.credit_type });
    return { status: 200, body: toUserBalance(head, request.now) };
  },
);
