import { problem } from '#lib/contract/problem';
import type { Log } from '#lib/http/log';
import { unreachable } from '#lib/invariant';
import type { SetupOutcome, SetupRefusal } from '#lib/topups/set-up-card';

/** The answer of a call that opens a page to save a card; what a provider said about it is for the log alone. */
export function setupAnswer(
  outcome: SetupOutcome,
  context: { readonly log: Log; readonly requestId: string },
) {
  if (!outcome.ok) throw problemOf(outcome.refusal, context);
  const { replayed, sessionId: session_id, url: setup_url } = outcome;
  return { status: 201, body: { setup_url, session_id }, replayed } as const;
}

function problemOf(
  refusal: SetupRefusal,
  context: { readonly log: Log; readonly requestId: string },
) {
  switch (refusal.code) {
    case 'PAYMENT_PROVIDER_FAILED':
    case 'PAYMENT_PROVIDER_UNAVAILABLE': {
      const { code, detail: reason } = refusal;
      const { log, requestId: request_id } = context;
      log.error('no page to save a card', { request_id, provider: 'stripe', reason });
      return code === 'PAYMENT_PROVIDER_FAILED' ? problem(code) : problem(code, {});
    }
    case 'URL_NOT_ALLOWED':
      return problem(refusal.code, { field: refusal.field });
    case 'IDEMPOTENCY_KEY_REUSED':
      return problem(refusal.code);
    default:
      return unreachable(refusal);
  }
}
