import { type ProblemError, problem } from '#lib/contract/problem';
import type { Log } from '#lib/http/log';
import { unreachable } from '#lib/invariant';
import type { PaymentProvider } from '#lib/payments/payment-event';
import type { InitiateRefusal } from '#lib/purchases/initiate-purchase';

/** The answer to a buyer whose purchase cannot begin. What a provider said about it is for the log alone. */
export function beginProblem(
  refusal: InitiateRefusal,
  context: {
    readonly log: Log;
    readonly requestId: string;
    readonly provider: PaymentProvider;
  },
): ProblemError {
  switch (refusal.code) {
    case 'PAYMENT_PROVIDER_FAILED':
    case 'PAYMENT_PROVIDER_UNAVAILABLE': {
      const { code, purchaseId: purchase_id, detail: reason } = refusal;
      const { provider, requestId: request_id } = context;
      context.log.error('no payment page', { request_id, provider, purchase_id, reason });
      return code === 'PAYMENT_PROVIDER_FAILED' ? problem(code) : problem(code, {});
    }
    case 'CURRENCY_NOT_AVAILABLE':
      return problem(refusal.code, { currency: refusal.currency });
    case 'PURCHASE_TOO_SMALL':
    case 'PURCHASE_TOO_LARGE':
    case 'TOO_MANY_PENDING_PURCHASES':
      return problem(refusal.code, { limit: refusal.limit });
    case 'TOO_MANY_PURCHASES_TODAY': {
      const { limit, retryAfterSeconds } = refusal;
      const retry_after = retryAfterSeconds ?? undefined;
      return problem(refusal.code, { limit, ...(retry_after !== undefined && { retry_after }) });
    }
    case 'IDEMPOTENCY_KEY_REUSED':
    case 'NOT_FOUND':
    case 'PACKAGE_NOT_AVAILABLE':
      return problem(refusal.code);
    default:
      return unreachable(refusal);
  }
}
