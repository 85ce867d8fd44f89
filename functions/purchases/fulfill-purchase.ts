import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { invalidField, problem } from '#lib/contract/problem';
import { adminPurchaseRoutes } from '#lib/contract/routes/admin-purchases';
import { auditContextOf } from '#lib/http/audit-refusal';
import { endpoint } from '#lib/http/endpoint';
import { toPurchase } from '#lib/http/purchase-resource';
import { fulfillPurchase as fulfill } from '#lib/purchases/fulfill-purchase';

/** POST /admin/credits/fulfill */
export const fulfillPurchase = endpoint(
  adminPurchaseRoutes.fulfillPurchase,
  async ({ body, caller, request }, { log, lookup, store }: PurchaseDependencies) => {
    const sought = soughtIn(body);
    const { cause, fingerprint, now } = request;
    const audit = auditContextOf({ caller, request });
    const outcome = await fulfill({ lookup, store }, { sought, cause, fingerprint, now, audit });
    if (!outcome.ok) {
      const { code, detail: reason } = outcome.refusal;
      log.warn('purchase not fulfilled by hand', { request_id: request.id, reason, code });
      throw code === 'PAYMENT_PROVIDER_UNAVAILABLE' ? problem(code, {}) : problem(code);
    }
    return { status: 200, body: toPurchase(outcome.purchase) };
  },
);

function soughtIn(body: {
  readonly session_id?: string | undefined;
  readonly order_id?: string | undefined;
}) {
  if (body.session_id !== undefined) return { sessionId: body.session_id };
  if (body.order_id !== undefined) return { orderId: body.order_id };
  throw invalidField('', 'must name either session_id or order_id');
}
