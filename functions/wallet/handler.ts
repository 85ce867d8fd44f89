import { checkCredits } from '#functions/wallet/check-credits';
import { createDependencies } from '#functions/wallet/dependencies';
import { getAlerts } from '#functions/wallet/get-alerts';
import { getBalance } from '#functions/wallet/get-balance';
import { getEventSchemas } from '#functions/wallet/get-event-schemas';
import { getHealth } from '#functions/wallet/get-health';
import { getOpenapi } from '#functions/wallet/get-openapi';
import { getUsage } from '#functions/wallet/get-usage';
import { listBalances } from '#functions/wallet/list-balances';
import { listHistory } from '#functions/wallet/list-history';
import { putAlerts } from '#functions/wallet/put-alerts';
import { apiHandler } from '#lib/http/api-handler';
import { lambdaRuntime } from '#lib/http/runtime';

/** What users ask about their own credits (DESIGN 5, users), and what the service says of itself. */
export const handler = apiHandler(
  [
    getHealth,
    getOpenapi,
    getEventSchemas,
    getBalance,
    listBalances,
    checkCredits,
    listHistory,
    getUsage,
    getAlerts,
    putAlerts,
  ],
  createDependencies,
  lambdaRuntime({ env: process.env, now: () => new Date() }),
);
