import type { ServiceDependencies } from '#functions/service/dependencies';
import { problem } from '#lib/contract/problem';
import { transferRoutes } from '#lib/contract/routes/transfers';
import { batchSpendsOf, toBatch } from '#lib/http/batch-resource';
import { endpoint } from '#lib/http/endpoint';
import { refusalProblem } from '#lib/http/refusal';
import { spendBatch } from '#lib/wallets/spend-batch';

/** POST /api/credits/{userId}/deduct-batch */
export const deductCreditsBatch = endpoint(
  transferRoutes.deductBatch,
  async ({ params, body, request }, { ledger }: ServiceDependencies) => {
    const wallet = { userId: params.userId, creditType: body.credit_type };
    const { cause, fingerprint, now } = request;
    const outcome = await spendBatch(ledger, {
      wallet,
      spends: batchSpendsOf(body.spends, { wallet, request }),
      partial: body.partial,
      now,
      request: fingerprint === null ? null : { cause, fingerprint },
    });
    switch (outcome.kind) {
      case 'refused':
        throw refusalProblem(outcome.refusal, { spend_index: outcome.index });
      case 'reused':
        throw problem(
          'IDEMPOTENCY_KEY_REUSED',
          ...(outcome.index === null ? [] : ([{ spend_index: outcome.index }] as const)),
        );
      case 'committed':
      case 'replayed':
        return {
          status: 201,
          body: toBatch(outcome, body),
          replayed: outcome.kind === 'replayed',
        };
    }
  },
);
