import { addUserCredits } from '#functions/service/add-credits';
import { createAccount } from '#functions/service/create-account';
import { deductCredits } from '#functions/service/deduct-credits';
import { createDependencies } from '#functions/service/dependencies';
import { getUserBalance } from '#functions/service/get-user-balance';
import { listUserHistory } from '#functions/service/list-user-history';
import { refundUserCredits } from '#functions/service/refund-credits';
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
  ],
  createDependencies,
  lambdaRuntime({ env: process.env, now: () => new Date() }),
);
