import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { type ProblemError, problem } from '#lib/contract/problem';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { beginProblem } from '#functions/purchases/begin-problem';
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
  if (refusal.code === 'URL_NOT_ALLOWED') return problem(refusal.code, { field: refusal.field });
  return beginProblem(refusal, { ...context, provider: 'stripe' });
}
