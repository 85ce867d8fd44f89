import type { ServiceDependencies } from '#functions/service/dependencies';
import { setThreshold } from '#lib/alerts/set-threshold';
import { userAlertRoutes } from '#lib/contract/routes/alerts';
import { alertsAnswer } from '#lib/http/alert-resource';
import { endpoint } from '#lib/http/endpoint';

/** PUT /api/credits/{userId}/alerts */
export const putUserAlerts = endpoint(
  userAlertRoutes.putUserAlerts,
  async ({ params, body, request }, { ledger }: ServiceDependencies) => {
    const wallet = { userId: params.userId, creditType: body.credit_type };
    const asked = { wallet, threshold: body.threshold, request, now: request.now };
    return alertsAnswer(await setThreshold(ledger, asked));
  },
);
