import { addUserCredits } from '#functions/service/add-credits';
import { createAccount } from '#functions/service/create-account';
import { deductCreditsBatch } from '#functions/service/deduct-batch';
import { deductCredits } from '#functions/service/deduct-credits';
import { createDependencies } from '#functions/service/dependencies';
import { captureUserHold, releaseUserHold } from '#functions/service/end-hold';
import { getQuotas } from '#functions/service/get-quotas';
import { getUserAlerts } from '#functions/service/get-user-alerts';
import { getSubscription } from '#functions/service/get-subscription';
import { getUserBalance } from '#functions/service/get-user-balance';
import { listUserHolds } from '#functions/service/list-holds';
import { listUserHistory } from '#functions/service/list-user-history';
import { placeUserHold } from '#functions/service/place-hold';
import { putUserAlerts } from '#functions/service/put-user-alerts';
import { recordUsage } from '#functions/service/record-usage';
import { refundUserCredits } from '#functions/service/refund-credits';
import { transferUserCredits } from '#functions/service/transfer-credits';
import { apiHandler } from '#lib/http/api-handler';
import { lambdaRuntime } from '#lib/http/runtime';

/** What the app's own backend does to any user's wallets (DESIGN 5, services). */
export const handler = apiHandler(
  [
    createAccount,
    getUserBalance,
    listUserHistory,
    addUserCredits,
    deductCredits,
    refundUserCredits,
    placeUserHold,
    captureUserHold,
    releaseUserHold,
    listUserHolds,
    transferUserCredits,
    deductCreditsBatch,
    getUserAlerts,
    putUserAlerts,
    getSubscription,
    getQuotas,
    recordUsage,
  ],
  createDependencies,
  lambdaRuntime({ env: process.env, now: () => new Date() }),
);
