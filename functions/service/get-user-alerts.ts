import type { ServiceDependencies } from '#functions/service/dependencies';
import { readThreshold } from '#lib/alerts/set-threshold';
import { userAlertRoutes } from '#lib/contract/routes/alerts';
import { toAlerts } from '#lib/http/alert-resource';
import { endpoint } from '#lib/http/endpoint';

/** GET /api/credits/{userId}/alerts */
export const getUserAlerts = endpoint(
  userAlertRoutes.getUserAlerts,
  async ({ params, query, request: { now } }, { ledger }: ServiceDependencies) => {
    const wallet = { userId: params.userId, creditType: query.credit_type };
    return { status: 200, body: toAlerts(await readThreshold(ledger, { wallet, now })) };
  },
);
