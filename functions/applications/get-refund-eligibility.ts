import type { ApplicationDependencies } from '#functions/applications/dependencies';
import { findEligibility } from '#lib/applications/find-application';
import { problem } from '#lib/contract/problem';
import { applicationRoutes } from '#lib/contract/routes/applications';
import { toEligibility } from '#lib/http/application-resource';
import { endpoint } from '#lib/http/endpoint';

/** GET /credits/refund-eligibility/{application_id} */
export const getRefundEligibility = endpoint(
  applicationRoutes.getRefundEligibility,
  async ({ caller, params, request }, { ledger }: ApplicationDependencies) => {
    const sought = { applicationId: params.application_id, userId: caller.sub };
    const found = await findEligibility(ledger, { ...sought, now: request.now });
    if (!found) throw problem('NOT_FOUND');
    return { status: 200, body: toEligibility(found.application, found.reason) };
  },
);
