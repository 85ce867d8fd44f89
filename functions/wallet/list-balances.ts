import type { WalletDependencies } from '#functions/wallet/dependencies';
import { CREDIT_TYPES } from '#lib/contract/credit-types';
import { walletRoutes } from '#lib/contract/routes/wallet';
import { endpoint } from '#lib/http/endpoint';
import { toBalance } from '#lib/http/wallet-resource';
import { emptyHead } from '#lib/ledger/wallet';

/** GET /credits/balances: every credit type, also those that the user never had credits of. */
export const listBalances = endpoint(
  walletRoutes.listBalances,
  async ({ caller, request }, { balances }: WalletDependencies) => {
    const heads = await balances.headsOf(caller.sub);
    const all = CREDIT_TYPES.map(
      (creditType) =>
        heads.find((head) => head.creditType === creditType) ??
        emptyHead({ userId: caller.sub, creditType }),
    );
    return { status: 200, body: { balances: all.map((head) => toBalance(head, request.now)) } };
  },
);
