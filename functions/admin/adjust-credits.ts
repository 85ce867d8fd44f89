import type { AdminDependencies } from '#functions/admin/dependencies';
import { adjustCredits as adjust } from '#lib/admin/adjust-credits';
import { problem } from '#lib/contract/problem';
import { adminWalletRoutes } from '#lib/contract/routes/admin-wallets';
import { auditContextOf } from '#lib/http/audit-refusal';
import { endpoint } from '#lib/http/endpoint';
import { commandOf, movementAnswer } from '#lib/http/movement';

/** POST /admin/credits/adjust */
export const adjustCredits = endpoint(
  adminWalletRoutes.adjustCredits,
  async ({ body, caller, request }, { ledger }: AdminDependencies) => {
    const { amount, category = 'promotional', priority = 50, reason } = body;
    const outcome = await adjust(ledger, {
      wallet: { userId: body.user_id, creditType: body.credit_type },
      amount,
      terms: { category, priority, expiresAt: body.expires_at ?? null },
      command: commandOf(request, { ...body, description: reason }),
      audit: auditContextOf({ caller, request }),
    });
    if (outcome.kind === 'missing') throw problem('NOT_FOUND');
    return movementAnswer(outcome);
  },
);
