import type { ServiceDependencies } from '#functions/service/dependencies';
import { transferRoutes } from '#lib/contract/routes/transfers';
import { endpoint } from '#lib/http/endpoint';
import { commandOf, entryOf, movementAnswer } from '#lib/http/movement';
import { receivedEntryId } from '#lib/ledger/transfer';
import { transferCredits } from '#lib/wallets/transfer-credits';

/** POST /api/credits/{userId}/transfer */
export const transferUserCredits = endpoint(
  transferRoutes.transferCredits,
  async ({ params, body, request }, { ledger }: ServiceDependencies) => {
    const { to_user_id: toUserId, credit_type: creditType } = body;
    const outcome = await transferCredits(ledger, {
      wallet: { userId: params.userId, creditType },
      toUserId,
      amount: body.amount,
      command: commandOf(request, body),
    });
    const received = receivedEntryId({ userId: toUserId, creditType }, entryOf(outcome));
    const answer = movementAnswer(outcome);
    const sides = { to_user_id: toUserId, to_transaction_id: received };
    return { ...answer, body: { ...answer.body, ...sides } };
  },
);
