import {
  reconcileProvider,
  type ReconcileProviderDependencies,
} from '#lib/http/reconcile-provider';
import { PAYMENT_PROVIDERS } from '#lib/payments/payment-event';

/** Compares every provider's records with our purchases; one that fails does not keep the others from it. */
export async function reconcile(deps: ReconcileProviderDependencies): Promise<void> {
  const runs = await Promise.allSettled(
    PAYMENT_PROVIDERS.map((provider) => reconcileProvider(deps, provider)),
  );
  const failures = runs.filter((run) => run.status === 'rejected');
  const [first] = failures;
  if (!first) return;
  throw new Error(`${failures.length} reconciliations failed`, { cause: first.reason });
}
