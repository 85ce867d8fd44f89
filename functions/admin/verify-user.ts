import type { AdminDependencies } from '#functions/admin/dependencies';
import { adminRoutes } from '#lib/contract/routes/admin';
import { endpoint } from '#lib/http/endpoint';
import { toCreditType } from '#lib/http/wallet-resource';
import { verifyWallets } from '#lib/wallets/verify-wallets';

/** GET /admin/credits/verify/{userId} */
export const verifyUser = endpoint(
  adminRoutes.verifyUser,
  async ({ params }, { ledger, count }: AdminDependencies) => {
    const wallets = await verifyWallets(ledger, params.userId);
    const ok = wallets.every((wallet) => wallet.problems.length === 0);
    if (!ok) count('VerificationFailures');
    return {
      status: 200,
      body: {
        ok,
        wallets: wallets.map(({ creditType, entries, problems }) => ({
          credit_type: toCreditType(creditType),
          ok: problems.length === 0,
          entries,
          problems,
        })),
      },
    };
  },
);
