import { type ProblemError, problem } from '#lib/contract/problem';
import { unreachable } from '#lib/invariant';
import type { Refusal } from '#lib/ledger/decision';

/** The answer to a caller for what the ledger refuses (DESIGN 3). */
export function refusalProblem(refusal: Refusal): ProblemError {
  switch (refusal.code) {
    case 'INSUFFICIENT_CREDITS': {
      const { required, available, shortfall } = refusal;
      return problem(refusal.code, { required, available, shortfall });
    }
    case 'BALANCE_LIMIT_EXCEEDED':
    case 'TOO_MANY_GRANTS':
    case 'TOO_MANY_HOLDS':
      return problem(refusal.code, { limit: refusal.limit });
    case 'REFUND_EXCEEDS_SPEND':
      return problem(refusal.code, { refundable: refusal.refundable });
    case 'ALREADY_EXPIRED':
    case 'NOT_REFUNDABLE':
    case 'ALREADY_REFUNDED':
    case 'HOLD_NOT_OPEN':
    case 'HOLD_EXISTS':
    case 'HOLD_EXPIRED':
    case 'SELF_TRANSFER':
      return problem(refusal.code);
    default:
      return unreachable(refusal);
  }
}
