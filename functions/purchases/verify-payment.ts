import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { problem } from '#lib/contract/problem';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { endpoint } from '#lib/http/endpoint';
import { toVerifiedPayment } from '#lib/http/purchase-resource';
import { verifyPayment as verify } from '#lib/purchases/verify-payment';

/** POST /credits/verify-payment */
export const verifyPayment = endpoint(
  purchaseRoutes.verifyPayment,
  async ({ caller, body, request }, { log, orders, store }: PurchaseDependencies) => {
    const outcome = await verify(
      { orders, store },
      {
        userId: caller.sub,
        orderId: body.razorpay_order_id,
        paymentId: body.razorpay_payment_id,
        signature: body.razorpay_signature,
        cause: request.cause,
        fingerprint: request.fingerprint,
        now: request.now,
      },
    );
    if (!outcome.ok) {
      const { code, detail: reason } = outcome.refusal;
      const line = { request_id: request.id, provider: 'razorpay', reason };
      log.warn('payment not verified', { ...line, code });
      throw code === 'PAYMENT_PROVIDER_UNAVAILABLE' ? problem(code, {}) : problem(code);
    }
    const { replayed } = outcome;
    return { status: 200, body: toVerifiedPayment(outcome, request.now), replayed };
  },
);
