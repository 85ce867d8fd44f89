import type { AdminDependencies } from '#functions/admin/dependencies';
import { cancelProject } from '#lib/applications/cancel-project';
import { problem } from '#lib/contract/problem';
import { adminProjectRoutes } from '#lib/contract/routes/admin-projects';
import { auditContextOf } from '#lib/http/audit-refusal';
import { endpoint } from '#lib/http/endpoint';
import { toCancelledProject } from '#lib/http/project-resource';

/** POST /admin/credits/refund-project/{projectId} */
export const refundProject = endpoint(
  adminProjectRoutes.refundProject,
  async (call, { jobQueue, ledger }: AdminDependencies) => {
    const { body, params, request, route: action } = call;
    const { cause, fingerprint } = request;
    const outcome = await cancelProject(
      { store: ledger, queue: jobQueue },
      {
        projectId: params.projectId,
        reason: body.reason ?? null,
        request: { cause, fingerprint },
        audit: auditContextOf(call),
        action,
      },
    );
    if (outcome.kind === 'key_reused') throw problem('IDEMPOTENCY_KEY_REUSED');
    return {
      status: 202,
      body: toCancelledProject(outcome),
      replayed: outcome.kind === 'replayed',
    };
  },
);
