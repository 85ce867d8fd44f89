import type { ServiceDependencies } from '#functions/service/dependencies';
import { problem } from '#lib/contract/problem';
import { serviceRoutes } from '#lib/contract/routes/service';
import { endpoint } from '#lib/http/endpoint';
import { commandOf, movementAnswer } from '#lib/http/movement';
import { refundCredits } from '#lib/wallets/refund-credits';

/** POST /api/credits/{userId}/refund */
export const refundUserCredits = endpoint(
  serviceRoutes.refundCredits,
  async ({ params, body, request }, { ledger }: ServiceDependencies) => {
    const { transaction_id: transactionId, amount } = body;
    const reference = { type: 'transaction', id: transactionId };
    const outcome = await refundCredits(ledger, {
      userId: params.userId,
      transactionId,
      amount,
      command: commandOf(request, { description: 'Refund', reference }),
    });
    if (outcome.kind === 'missing') throw problem('NOT_FOUND');
    return movementAnswer(outcome);
  },
);
