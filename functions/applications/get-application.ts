import type { ApplicationDependencies } from '#functions/applications/dependencies';
import { findApplication } from '#lib/applications/find-application';
import { problem } from '#lib/contract/problem';
import { applicationRoutes } from '#lib/contract/routes/applications';
import { toApplication } from '#lib/http/application-resource';
import { endpoint } from '#lib/http/endpoint';

/** GET /applied-projects/{id} */
export const getApplication = endpoint(
  applicationRoutes.getApplication,
  async ({ caller, params }, { ledger }: ApplicationDependencies) => {
    const sought = { applicationId: params.id, userId: caller.sub };
    const found = await findApplication(ledger, sought);
    if (!found) throw problem('NOT_FOUND');
    return { status: 200, body: toApplication(found.stored.value) };
  },
);
