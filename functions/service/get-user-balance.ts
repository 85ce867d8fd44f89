import type { ServiceDependencies } from '#functions/service/dependencies';
import { serviceRoutes } from '#lib/contract/routes/service';
import { balanceAt } from '#lib/http/balance-at';
import { endpoint } from '#lib/http/endpoint';
import { toBalance, toUserBalance } from '#lib/http/wallet-resource';

/** GET /api/credits/{userId}/balance */
export const getUserBalance = endpoint(
  serviceRoutes.getUserBalance,
  async ({ params, query, request }, { ledger, history }: ServiceDependencies) => {
    const wallet = { userId: params.userId, creditType: query.credit_type };
    const balance =
      query.at === undefined
        ? toBalance(await ledger.loadHead(wallet), request.now)
        : await balanceAt(history, { wallet, at: query.at, request });
    return { status: 200, body: toUserBalance(params.userId, balance) };
  },
);
