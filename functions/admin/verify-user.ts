import type { AdminDependencies } from '#functions/admin/dependencies';
import { adminRoutes } from '#lib/contract/routes/admin';
import { endpoint } from '#lib/http/endpoint';
import { toVerification } from '#lib/http/user-resource';
import { verifyWallets } from '#lib/wallets/verify-wallets';

/** GET /admin/credits/verify/{userId} */
export const verifyUser = endpoint(
  adminRoutes.verifyUser,
  async ({ params }, { ledger, count }: AdminDependencies) => {
    const body = toVerification(await verifyWallets(ledger, params.userId));
    if (!body.ok) count('VerificationFailures');
    return { status: 200, body };
  },
);
