import type { FreezeInput, FreezeOutcome } from '#lib/admin/freeze-wallets';
import { problem } from '#lib/contract/problem';
import { toTransaction } from '#lib/http/wallet-resource';

/** The answer to freezing or releasing wallets, or the problem of a refusal. */
export function freezeAnswer(
  outcome: FreezeOutcome,
  { freeze: frozen, userId: user_id }: Pick<FreezeInput, 'freeze' | 'userId'>,
) {
  switch (outcome.kind) {
    case 'done':
    case 'replayed': {
      const transactions = outcome.entries.map(toTransaction);
      const replayed = outcome.kind === 'replayed';
      return { status: 201, body: { user_id, frozen, transactions }, replayed } as const;
    }
    case 'missing':
      throw problem('NOT_FOUND');
    case 'reused':
      throw problem('IDEMPOTENCY_KEY_REUSED');
    case 'refused':
      throw problem(outcome.code);
  }
}
