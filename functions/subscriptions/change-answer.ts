import type { SubscriptionDependencies } from '#functions/subscriptions/dependencies';
import { type ProblemError, problem } from '#lib/contract/problem';
import type { RequestInfo } from '#lib/http/endpoint';
import type { Log } from '#lib/http/log';
import { toSubscription } from '#lib/http/subscription-resource';
import { invariant, unreachable } from '#lib/invariant';
import {
  type ChangeInput,
  type ChangeOutcome,
  type ChangeRefusal,
  changeSubscription,
} from '#lib/subscriptions/change-subscription';

interface Context {
  readonly log: Log;
  readonly requestId: string;
}

/** Changes what runs already, and answers how it stands then; throws where that is refused. */
export async function changeRunning(
  deps: SubscriptionDependencies,
  { request, ...asked }: Pick<ChangeInput, 'userId' | 'wish'> & { readonly request: RequestInfo },
) {
  const { actor, now } = request;
  const input = { ...asked, urls: null, request, actor, now };
  const outcome = await changeSubscription(deps, input);
  if (outcome.kind === 'refused') {
    throw refusalProblem(outcome.refusal, { log: deps.log, requestId: request.id });
  }
  invariant(outcome.kind === 'changed', 'only an upgrade opens a page');
  return changeAnswer(outcome);
}

export function changeAnswer({
  replayed,
  view,
}: Extract<ChangeOutcome, { readonly kind: 'changed' }>) {
  return { status: 200, body: toSubscription(view), replayed } as const;
}

/** What a provider said about it is for the log alone. */
export function refusalProblem(refusal: ChangeRefusal, { log, requestId }: Context): ProblemError {
  const request_id = requestId;
  switch (refusal.code) {
    case 'PAYMENT_PROVIDER_FAILED':
    case 'PAYMENT_PROVIDER_UNAVAILABLE': {
      const { code, detail: reason } = refusal;
      log.error('a subscription was not changed', { request_id, provider: 'stripe', reason });
      return code === 'PAYMENT_PROVIDER_FAILED' ? problem(code) : problem(code, {});
    }
    case 'CONFLICT':
      log.error('a second subscription runs', { request_id, reason: refusal.detail });
      return problem(refusal.code);
    case 'ALREADY_SUBSCRIBED':
    case 'NOT_AN_UPGRADE':
    case 'NOT_A_DOWNGRADE':
    case 'TIER_NOT_AVAILABLE':
      return problem(refusal.code, { tier: refusal.tier });
    case 'CURRENCY_NOT_AVAILABLE':
      return problem(refusal.code, { currency: refusal.currency });
    case 'URL_NOT_ALLOWED':
      return problem(refusal.code, { field: refusal.field });
    case 'urls_missing': {
      const message = 'is needed together with cancel_url to subscribe for the first time';
      return problem('VALIDATION_FAILED', { errors: [{ field: 'success_url', message }] });
    }
    case 'IDEMPOTENCY_KEY_REUSED':
    case 'NOTHING_TO_RESUME':
    case 'NOT_SUBSCRIBED':
    case 'PAYMENT_DECLINED':
    case 'SUBSCRIPTION_ENDING':
    case 'SUBSCRIPTION_PAST_DUE':
      return problem(refusal.code);
    default:
      return unreachable(refusal);
  }
}
