import type { WalletDependencies } from '#functions/wallet/dependencies';
import { walletRoutes } from '#lib/contract/routes/wallet';
import { endpoint } from '#lib/http/endpoint';
import { toBalance } from '#lib/http/wallet-resource';

/** GET /credits/balance */
export const getBalance = endpoint(
  walletRoutes.getBalance,
  async ({ caller, query, request }, { balances }: WalletDependencies) => {
    const wallet = { userId: caller.sub, creditType: query.credit_type };
    return { status: 200, body: toBalance(await balances.headOf(wallet, request), request.now) };
  },
);
