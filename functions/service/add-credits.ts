import type { ServiceDependencies } from '#functions/service/dependencies';
import { serviceRoutes } from '#lib/contract/routes/service';
import { endpoint } from '#lib/http/endpoint';
import { commandOf, movementAnswer } from '#lib/http/movement';
import { addCredits } from '#lib/wallets/add-credits';

/** POST /api/credits/{userId}/add */
export const addUserCredits = endpoint(
  serviceRoutes.addCredits,
  async ({ params, body, request }, { ledger }: ServiceDependencies) => {
    const { amount, category, priority, expires_at: expiresAt = null } = body;
    const outcome = await addCredits(ledger, {
      wallet: { userId: params.userId, creditType: body.credit_type },
      command: { ...commandOf(request, body), amount, category, priority, expiresAt },
    });
    return movementAnswer(outcome);
  },
);
