import type { AdminDependencies } from '#functions/admin/dependencies';
import { loadCancelled } from '#lib/applications/cancel-project';
import { problem } from '#lib/contract/problem';
import { adminProjectRoutes } from '#lib/contract/routes/admin-projects';
import { endpoint } from '#lib/http/endpoint';
import { toCancelledProject } from '#lib/http/project-resource';

/** GET /admin/credits/refund-project/{projectId} */
export const getProjectRefund = endpoint(
  adminProjectRoutes.getProjectRefund,
  async ({ params }, { ledger }: AdminDependencies) => {
    const state = await loadCancelled(ledger, params.projectId);
    if (!state) throw problem('NOT_FOUND');
    return { status: 200, body: toCancelledProject(state) };
  },
);
