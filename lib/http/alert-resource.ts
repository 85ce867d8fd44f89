import type { AlertState, ThresholdOutcome } from '#lib/alerts/set-threshold';
import { problem } from '#lib/contract/problem';
import type * as wire from '#lib/contract/wire';
import type { Wire } from '#lib/http/endpoint';
import { toCreditType } from '#lib/http/wallet-resource';

/** The answer of a call that sets a threshold; throws where its key was used for another. */
export function alertsAnswer(outcome: ThresholdOutcome) {
  if (outcome.kind === 'reused') throw problem('IDEMPOTENCY_KEY_REUSED');
  return {
    status: 200,
    body: toAlerts(outcome.state),
    replayed: outcome.kind === 'replayed',
  } as const;
}

/** A wallet's alerts as the API shows them. */
export function toAlerts(state: AlertState): Wire<typeof wire.alerts> {
  return {
    credit_type: toCreditType(state.creditType),
    threshold: state.threshold,
    own_threshold: state.own,
    available: state.available,
    low: state.low,
  };
}
