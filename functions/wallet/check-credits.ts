import type { WalletDependencies } from '#functions/wallet/dependencies';
import { walletRoutes } from '#lib/contract/routes/wallet';
import { endpoint } from '#lib/http/endpoint';
import { toBalance } from '#lib/http/wallet-resource';

/** GET /credits/check */
export const checkCredits = endpoint(
  walletRoutes.checkCredits,
  async ({ caller, query, request }, { balances }: WalletDependencies) => {
    const wallet = { userId: caller.sub, creditType: query.credit_type };
    const balance = toBalance(await balances.headOf(wallet, request), request.now);
    const available = balance.credits_available;
    return {
      status: 200,
      body: {
        credit_type: query.credit_type,
        has_sufficient: available >= query.required,
        frozen: balance.frozen,
        balance: balance.credits_balance,
        available,
        required: query.required,
        shortfall: Math.max(0, query.required - available),
      },
    };
  },
);
