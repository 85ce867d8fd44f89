import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { invalidField, type ProblemError, problem } from '#lib/contract/problem';
import { adminPurchaseRoutes } from '#lib/contract/routes/admin-purchases';
import { auditContextOf } from '#lib/http/audit-refusal';
import { endpoint } from '#lib/http/endpoint';
import { toCurrency, toPurchase } from '#lib/http/purchase-resource';
import { type RefundRefusal, refundPurchase as refund } from '#lib/purchases/refund-purchase';

/** POST /admin/credits/purchases/{id}/refund */
export const refundPurchase = endpoint(
  adminPurchaseRoutes.refundPurchase,
  async ({ body, caller, params, request }, { log, refunds, store }: PurchaseDependencies) => {
    const outcome = await refund(
      { refunds, store },
      {
        purchaseId: params.id,
        amountMinor: body.amount ?? null,
        reason: body.reason,
        cause: request.cause,
        fingerprint: request.fingerprint,
        audit: auditContextOf({ caller, request }),
        now: request.now,
      },
    );
    const purchase_id = params.id;
    if (!outcome.ok) {
      const { code, detail: reason } = outcome.refusal;
      log.warn('purchase not refunded', { request_id: request.id, purchase_id, reason, code });
      throw problemOf(outcome.refusal);
    }
    const { purchase, refund: made, replayed } = outcome;
    const answer = {
      refund_id: made.id,
      status: made.state,
      amount: made.amountMinor,
      currency: toCurrency(purchase.currency),
      purchase: toPurchase(purchase),
    };
    return { status: 201, body: answer, replayed };
  },
);

function problemOf(refusal: RefundRefusal): ProblemError {
  switch (refusal.code) {
    case 'REFUND_EXCEEDS_PAYMENT':
      return problem(refusal.code, { refundable: refusal.refundableMinor });
    case 'amount_not_payable':
      return invalidField('amount', 'must end in 0 in a currency with three decimals');
    case 'PAYMENT_PROVIDER_UNAVAILABLE':
      return problem(refusal.code, {});
    default:
      return problem(refusal.code);
  }
}
