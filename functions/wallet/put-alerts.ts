import type { WalletDependencies } from '#functions/wallet/dependencies';
import { setThreshold } from '#lib/alerts/set-threshold';
import { ownAlertRoutes } from '#lib/contract/routes/alerts';
import { alertsAnswer } from '#lib/http/alert-resource';
import { endpoint } from '#lib/http/endpoint';

/** PUT /credits/alerts */
export const putAlerts = endpoint(
  ownAlertRoutes.putAlerts,
  async ({ caller, body, request }, { ledger }: WalletDependencies) => {
    const wallet = { userId: caller.sub, creditType: body.credit_type };
    const asked = { wallet, threshold: body.threshold, request, now: request.now };
    return alertsAnswer(await setThreshold(ledger, asked));
  },
);
