import type { WalletDependencies } from '#functions/wallet/dependencies';
import { readThreshold } from '#lib/alerts/set-threshold';
import { ownAlertRoutes } from '#lib/contract/routes/alerts';
import { toAlerts } from '#lib/http/alert-resource';
import { endpoint } from '#lib/http/endpoint';

/** GET /credits/alerts */
export const getAlerts = endpoint(
  ownAlertRoutes.getAlerts,
  async ({ caller, query, request: { now } }, { ledger }: WalletDependencies) => {
    const wallet = { userId: caller.sub, creditType: query.credit_type };
    return { status: 200, body: toAlerts(await readThreshold(ledger, { wallet, now })) };
  },
);
