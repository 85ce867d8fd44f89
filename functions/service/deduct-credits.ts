import type { ServiceDependencies } from '#functions/service/dependencies';
import { serviceRoutes } from '#lib/contract/routes/service';
import { invariant } from '#lib/invariant';
import { endpoint } from '#lib/http/endpoint';
import { commandOf, entryOf, movementAnswer } from '#lib/http/movement';
import { toMovement } from '#lib/http/wallet-resource';
import { useFeature } from '#lib/subscriptions/use-feature';
import { spendCredits } from '#lib/wallets/spend-credits';

/** POST /api/credits/{userId}/deduct: with a feature, one use of it is counted in the transaction of the spend. */
export const deductCredits = endpoint(
  serviceRoutes.deductCredits,
  async ({ params, body, request }, { ledger }: ServiceDependencies) => {
    const { amount, credit_type: creditType, feature } = body;
    const command = commandOf(request, body);
    const { userId } = params;
    if (feature === undefined) {
      const wallet = { userId, creditType };
      return movementAnswer(
        await spendCredits(ledger, { wallet, command: { ...command, amount } }),
      );
    }
    const price = { kind: 'given', amount, creditType } as const;
    const outcome = await useFeature(ledger, { userId, feature, price, command });
    const entry = entryOf(outcome);
    invariant(entry, 'what a caller charges moves credits');
    return { status: 201, body: toMovement(entry), replayed: outcome.kind === 'replayed' };
  },
);
