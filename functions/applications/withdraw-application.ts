import type { ApplicationDependencies } from '#functions/applications/dependencies';
import { ineligibility } from '#lib/applications/application';
import { withdrawApplication as withdraw } from '#lib/applications/withdraw-application';
import { problem } from '#lib/contract/problem';
import { applicationRoutes } from '#lib/contract/routes/applications';
import { toWithdrawal } from '#lib/http/application-resource';
import { endpoint } from '#lib/http/endpoint';
import { refusalProblem } from '#lib/http/refusal';

/** POST /applied-projects/{id}/withdraw */
export const withdrawApplication = endpoint(
  applicationRoutes.withdrawApplication,
  async ({ caller, params, request }, { ledger }: ApplicationDependencies) => {
    const { actor, now } = request;
    const whose = { applicationId: params.id, userId: caller.sub };
    const outcome = await withdraw(ledger, { ...whose, request, actor, now });
    switch (outcome.kind) {
      case 'withdrawn':
      case 'replayed': {
        const answer = toWithdrawal(outcome.application, outcome.entry);
        return { status: 200, body: answer, replayed: outcome.kind === 'replayed' };
      }
      case 'missing':
        throw problem('NOT_FOUND');
      case 'closed': {
        const reason = ineligibility(outcome.application, { refunded: 0, now });
        throw problem('APPLICATION_CLOSED', { reason: reason ?? 'Application closed' });
      }
      case 'key_reused':
        throw problem('IDEMPOTENCY_KEY_REUSED');
      case 'refused':
        throw refusalProblem(outcome.refusal);
    }
  },
);
