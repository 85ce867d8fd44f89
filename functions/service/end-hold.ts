import type { ServiceDependencies } from '#functions/service/dependencies';
import { problem } from '#lib/contract/problem';
import { holdRoutes } from '#lib/contract/routes/holds';
import { endpoint, type RequestInfo } from '#lib/http/endpoint';
import { holdAnswer } from '#lib/http/hold-resource';
import { endHold, type EndHoldInput } from '#lib/wallets/end-hold';
import type { LedgerStore } from '#lib/ports';

/** POST /api/credits/{userId}/holds/{hold_id}/capture */
export const captureUserHold = endpoint(
  holdRoutes.captureHold,
  async ({ params, body, request }, { ledger }: ServiceDependencies) =>
    endAnswer(ledger, {
      userId: params.userId,
      holdId: params.hold_id,
      end: { kind: 'capture', amount: body.amount },
      command: causeOf(request),
    }),
);

/** POST /api/credits/{userId}/holds/{hold_id}/release */
export const releaseUserHold = endpoint(
  holdRoutes.releaseHold,
  async ({ params, request }, { ledger }: ServiceDependencies) =>
    endAnswer(ledger, {
      userId: params.userId,
      holdId: params.hold_id,
      end: { kind: 'release' },
      command: causeOf(request),
    }),
);

/** Who ends it and when; what it was for, the hold itself says. */
function causeOf({ now, cause, actor, fingerprint }: RequestInfo): EndHoldInput['command'] {
  return { now, cause, actor, fingerprint };
}

async function endAnswer(ledger: LedgerStore, input: EndHoldInput) {
  const ended = await endHold(ledger, input);
  if (ended.kind === 'missing') throw problem('NOT_FOUND');
  return holdAnswer(ended.outcome, () => ended.hold);
}
