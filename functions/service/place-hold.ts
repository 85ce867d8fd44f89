import type { ServiceDependencies } from '#functions/service/dependencies';
import { holdRoutes } from '#lib/contract/routes/holds';
import { endpoint } from '#lib/http/endpoint';
import { holdAnswer } from '#lib/http/hold-resource';
import { commandOf } from '#lib/http/movement';
import { placedHold } from '#lib/wallets/hold';
import { placeHold } from '#lib/wallets/place-hold';

/** POST /api/credits/{userId}/holds */
export const placeUserHold = endpoint(
  holdRoutes.placeHold,
  async ({ params, body, request }, { ledger }: ServiceDependencies) => {
    const outcome = await placeHold(ledger, {
      wallet: { userId: params.userId, creditType: body.credit_type },
      amount: body.amount,
      expiresAt: body.expires_at,
      expiresInSeconds: body.expires_in,
      command: commandOf(request, body),
    });
    return holdAnswer(outcome, placedHold);
  },
);
