import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { type ProblemError, problem } from '#lib/contract/problem';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { endpoint } from '#lib/http/endpoint';
import type { Log } from '#lib/http/log';
import {
  type CheckoutRefusal,
  createCheckout as openCheckout,
} from '#lib/purchases/create-checkout';

/** POST /credits/checkout */
export const createCheckout = endpoint(
  purchaseRoutes.createCheckout,
  async ({ caller, body, request }, deps: PurchaseDependencies) => {
    const outcome = await openCheckout(deps, {
      userId: caller.sub,
      packageId: body.package_id,
      currency: body.currency,
      successUrl: body.success_url,
      cancelUrl: body.cancel_url,
      cause: request.cause,
      fingerprint: request.fingerprint,
      now: request.now,
    });
    if (!outcome.ok) throw problemOf(outcome.refusal, { log: deps.log, requestId: request.id });
    const { url: checkout_url, sessionId: session_id, purchaseId: purchase_id } = outcome;
    return {
      status: 201,
      body: { checkout_url, session_id, purchase_id },
      replayed: outcome.replayed,
    };
  },
);

function problemOf(
  refusal: CheckoutRefusal,
  context: { readonly log: Log; readonly requestId: string },
): ProblemError {
  switch (refusal.code) {
    case 'PAYMENT_PROVIDER_FAILED':
    case 'PAYMENT_PROVIDER_UNAVAILABLE': {
      const { code, purchaseId: purchase_id, detail: reason } = refusal;
      const line = { request_id: context.requestId, provider: 'stripe', purchase_id, reason };
      context.log.error('no payment page', line);
      return code === 'PAYMENT_PROVIDER_FAILED' ? problem(code) : problem(code, {});
    }
    case 'CURRENCY_NOT_AVAILABLE':
      return problem(refusal.code, { currency: refusal.currency });
    case 'URL_NOT_ALLOWED':
      return problem(refusal.code, { field: refusal.field });
    case 'IDEMPOTENCY_KEY_REUSED':
    case 'NOT_FOUND':
    case 'PACKAGE_NOT_AVAILABLE':
      return problem(refusal.code);
  }
}
