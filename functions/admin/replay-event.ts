import type { AdminDependencies } from '#functions/admin/dependencies';
import { problem } from '#lib/contract/problem';
import { adminRoutes } from '#lib/contract/routes/admin';
import { auditContextOf } from '#lib/http/audit-refusal';
import { endpoint } from '#lib/http/endpoint';
import { toEventReplay } from '#lib/http/event-resource';
import { translateProviderEvent } from '#lib/payments/translate-provider-event';
import { replayEvent as replay } from '#lib/purchases/replay-event';

/** POST /admin/credits/events/{id}/replay */
export const replayEvent = endpoint(
  adminRoutes.replayEvent,
  async ({ caller, params, query, request }, { history, ledger, livemode }: AdminDependencies) => {
    const outcome = await replay(
      {
        store: ledger,
        history,
        translate: (event) => translateProviderEvent({ ...event, livemode }),
      },
      {
        eventId: params.id,
        provider: query.provider ?? null,
        cause: request.cause,
        audit: auditContextOf({ caller, request }),
        fingerprint: request.fingerprint,
        now: request.now,
      },
    );
    if (outcome.kind === 'absent') throw problem('NOT_FOUND');
    if (outcome.kind === 'reused') throw problem('IDEMPOTENCY_KEY_REUSED');
    return { status: 200, body: toEventReplay(outcome.replay), replayed: outcome.replayed };
  },
);
