import type { WalletDependencies } from '#functions/wallet/dependencies';
import { walletRoutes } from '#lib/contract/routes/wallet';
import { balanceAt } from '#lib/http/balance-at';
import { endpoint } from '#lib/http/endpoint';
import { toBalance } from '#lib/http/wallet-resource';

/** GET /credits/balance */
export const getBalance = endpoint(
  walletRoutes.getBalance,
  async ({ caller, query, request }, { balances, history }: WalletDependencies) => {
    const wallet = { userId: caller.sub, creditType: query.credit_type };
    if (query.at !== undefined) {
      return { status: 200, body: await balanceAt(history, { wallet, at: query.at, request }) };
    }
    return { status: 200, body: toBalance(await balances.headOf(wallet, request), request.now) };
  },
);
