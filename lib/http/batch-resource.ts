import type * as z from 'zod';
import type { transferRoutes } from '#lib/contract/routes/transfers';
import type * as wire from '#lib/contract/wire';
import { fingerprintOf, type RequestInfo, type Wire } from '#lib/http/endpoint';
import { commandOf } from '#lib/http/movement';
import { toTransaction } from '#lib/http/wallet-resource';
import { requestCause } from '#lib/ledger/entry';
import type { WalletRef } from '#lib/ledger/wallet';
import type { BatchAnswer, BatchSpend } from '#lib/wallets/spend-batch';
import type { SpendRefusal } from '#lib/wallets/spend-batch-record';

type Body = z.output<typeof transferRoutes.deductBatch.body>;

// Keys of spends are not keys of requests: a batch and one of its spends may use the same.
const SPEND_SCOPE = 'deductBatch spend';

/** The spends of a batch as commands: each with the cause and the fingerprint that its own key gives it. */
export function batchSpendsOf(
  spends: Body['spends'],
  context: { readonly wallet: WalletRef; readonly request: RequestInfo },
): readonly BatchSpend[] {
  const { wallet, request } = context;
  return spends.map(({ idempotency_key: key, ...asked }) => ({
    ...commandOf(request, asked),
    amount: asked.amount,
    cause: requestCause({ caller: request.actor, route: SPEND_SCOPE, key }),
    fingerprint: fingerprintOf({ ...wallet, ...asked }),
  }));
}

/** The answer of a batch, one result per spend. */
export function toBatch(answer: BatchAnswer, asked: Body): Wire<typeof wire.batch> {
  return {
    success: true,
    credit_type: asked.credit_type,
    balance: answer.balance,
    credits_spent: answer.creditsSpent,
    results: answer.results.map((result, index) => {
      const entry = result.status === 'refused' ? null : result.entry;
      return {
        idempotency_key: asked.spends[index]?.idempotency_key ?? '',
        status: result.status,
        transaction_id: entry?.id ?? null,
        transaction: entry && toTransaction(entry),
        refusal: result.status === 'refused' ? refusalOf(result.refusal) : null,
      };
    }),
  };
}

/** What the record of the batch keeps as well: how long to wait depends on when its answer is read. */
function refusalOf(refusal: SpendRefusal) {
  const { code, required, available, shortfall, period, limit, used, held, resetsAt } = refusal;
  return { code, required, available, shortfall, period, limit, used, held, resets_at: resetsAt };
}
