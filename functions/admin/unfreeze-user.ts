import type { AdminDependencies } from '#functions/admin/dependencies';
import { freezeWallets } from '#lib/admin/freeze-wallets';
import { adminWalletRoutes } from '#lib/contract/routes/admin-wallets';
import { auditContextOf } from '#lib/http/audit-refusal';
import { endpoint } from '#lib/http/endpoint';
import { freezeAnswer } from '#lib/http/freeze-resource';
import { commandOf } from '#lib/http/movement';

/** POST /admin/credits/user/{userId}/unfreeze */
export const unfreezeUser = endpoint(
  adminWalletRoutes.unfreezeUser,
  async ({ body, caller, params, request }, { ledger }: AdminDependencies) => {
    const input = {
      userId: params.userId,
      freeze: false,
      creditType: body.credit_type ?? null,
      command: commandOf(request, { description: body.reason }),
      audit: auditContextOf({ caller, request }),
    };
    return freezeAnswer(await freezeWallets(ledger, input), input);
  },
);
