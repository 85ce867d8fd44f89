import { Metrics } from '@aws-lambda-powertools/metrics';

/** What alarms watch (DESIGN 12). */
export type MetricName =
  | 'ConflictRetries'
  | 'EmailsDelayed'
  | 'EventsQuarantined'
  | 'JobsFailed'
  | 'PromoCodeMisses'
  | 'ReconciliationDrift'
  | 'RollupDrift'
  | 'ReconciliationIncomplete'
  | 'VerificationFailures';

/** Counts one, unless told how many. */
export type CountMetric = (name: MetricName, amount?: number) => void;

/**
 * Counts in the log's embedded format, each at once: no call to wait for, and nothing lost with a function that is cut
 * off. Namespace and service come from Powertools' own variables.
 */
export function createMetrics(): CountMetric {
  let metrics: Metrics | undefined;
  return (name, amount = 1) => {
    metrics ??= new Metrics();
    metrics.singleMetric().addMetric(name, 'Count', amount);
  };
}
