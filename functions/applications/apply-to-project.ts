import type { ApplicationDependencies } from '#functions/applications/dependencies';
import { applyToProject as apply } from '#lib/applications/apply-to-project';
import { problem } from '#lib/contract/problem';
import { applicationRoutes } from '#lib/contract/routes/applications';
import { toApplied } from '#lib/http/application-resource';
import { endpoint } from '#lib/http/endpoint';
import { refusalProblem } from '#lib/http/refusal';

/** POST /applied-projects */
export const applyToProject = endpoint(
  applicationRoutes.applyToProject,
  async ({ caller, body, request }, { ledger }: ApplicationDependencies) => {
    const { actor, cause, fingerprint, now } = request;
    const { metadata, project_id: projectId } = body;
    const by = { userId: caller.sub, actor, now, request: { cause, fingerprint } };
    const outcome = await apply(ledger, { ...by, projectId, metadata });
    switch (outcome.kind) {
      case 'applied':
      case 'replayed': {
        const answer = toApplied(outcome.application, outcome.entry);
        return { status: 201, body: answer, replayed: outcome.kind === 'replayed' };
      }
      case 'applied_before':
        throw problem('ALREADY_APPLIED');
      case 'project_cancelled':
        throw problem('PROJECT_CANCELLED');
      case 'key_reused':
        throw problem('IDEMPOTENCY_KEY_REUSED');
      case 'refused':
        throw refusalProblem(outcome.refusal);
    }
  },
);
