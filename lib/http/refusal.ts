import { invalidField, type ProblemError, problem } from '#lib/contract/problem';
import { unreachable } from '#lib/invariant';
import type { UseRefusal } from '#lib/subscriptions/use-feature';
import type { WalletRefusal } from '#lib/wallets/refusal';

/** The answer to a caller for what the ledger and its commands refuse (DESIGN 3); `place` is which spend of a batch. */
export function refusalProblem(
  refusal: WalletRefusal | UseRefusal,
  place?: { readonly spend_index: number },
): ProblemError {
  switch (refusal.code) {
    case 'INSUFFICIENT_CREDITS': {
      const { required, available, shortfall } = refusal;
      return problem(refusal.code, { required, available, shortfall, ...place });
    }
    case 'SPENDING_CAP': {
      const { period, limit, used, held, resetsAt, retryAfterSeconds } = refusal;
      return problem(refusal.code, {
        period,
        limit,
        used,
        held,
        resets_at: resetsAt,
        retry_after: retryAfterSeconds,
        ...place,
      });
    }
    case 'QUOTA_EXCEEDED': {
      const { feature, period, limit, used, resetsAt } = refusal;
      return problem(refusal.code, { feature, period, limit, used, resets_at: resetsAt });
    }
    case 'FEATURE_NOT_AVAILABLE':
      return problem(refusal.code, { feature: refusal.feature, tier: refusal.tier });
    case 'QUANTITY_TOO_LARGE':
      return invalidField('quantity', 'costs more credits than one request may spend');
    case 'BALANCE_LIMIT_EXCEEDED':
    case 'TOO_MANY_GRANTS':
    case 'TOO_MANY_HOLDS':
      return problem(refusal.code, { limit: refusal.limit });
    case 'REFUND_EXCEEDS_SPEND':
      return problem(refusal.code, { refundable: refusal.refundable });
    case 'HOLD_TOO_LONG':
      return problem(refusal.code, { limit_seconds: refusal.limitSeconds });
    case 'TRANSFER_LIMIT_EXCEEDED': {
      const { limit, remaining, retryAfterSeconds } = refusal;
      return problem(refusal.code, { limit, remaining, retry_after: retryAfterSeconds });
    }
    case 'RECEIVER_MISSING':
      return problem('NOT_FOUND');
    case 'ALREADY_EXPIRED':
    case 'NOT_REFUNDABLE':
    case 'ALREADY_REFUNDED':
    case 'HOLD_ALREADY_CAPTURED':
    case 'HOLD_ALREADY_RELEASED':
    case 'HOLD_EXPIRED':
    case 'SELF_TRANSFER':
    case 'WALLET_FROZEN':
    case 'ALREADY_FROZEN':
    case 'NOT_FROZEN':
      return problem(refusal.code);
    // Our hold ids follow from the request, and the command tells how a hold ended: no caller meets these.
    case 'HOLD_NOT_OPEN':
    case 'HOLD_EXISTS':
      return problem('CONFLICT');
    default:
      return unreachable(refusal);
  }
}
