import type { ServiceDependencies } from '#functions/service/dependencies';
import { serviceRoutes } from '#lib/contract/routes/service';
import { endpoint } from '#lib/http/endpoint';
import { commandOf, movementAnswer } from '#lib/http/movement';
import { spendCredits } from '#lib/wallets/spend-credits';

/** POST /api/credits/{userId}/deduct */
export const deductCredits = endpoint(
  serviceRoutes.deductCredits,
  async ({ params, body, request }, { ledger }: ServiceDependencies) => {
    const outcome = await spendCredits(ledger, {
      wallet: { userId: params.userId, creditType: body.credit_type },
      command: { ...commandOf(request, body), amount: body.amount },
    });
    return movementAnswer(outcome);
  },
);
