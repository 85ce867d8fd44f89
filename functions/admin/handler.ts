import { changePromoCode } from '#functions/admin/change-promo-code';
import { createPromoCode } from '#functions/admin/create-promo-code';
import { createDependencies } from '#functions/admin/dependencies';
import { getBulk } from '#functions/admin/get-bulk';
import { getEvent } from '#functions/admin/get-event';
import { getReconciliation } from '#functions/admin/get-reconciliation';
import { listEvents } from '#functions/admin/list-events';
import { listPromoCodes } from '#functions/admin/list-promo-codes';
import { listRedemptions } from '#functions/admin/list-redemptions';
import { replayEvent } from '#functions/admin/replay-event';
import { startBulk } from '#functions/admin/start-bulk';
import { verifyUser } from '#functions/admin/verify-user';
import { apiHandler } from '#lib/http/api-handler';
import { lambdaRuntime } from '#lib/http/runtime';

/** What the people who run the app do (DESIGN 5, admins). */
export const handler = apiHandler(
  [
    startBulk,
    getBulk,
    verifyUser,
    listEvents,
    getEvent,
    replayEvent,
    getReconciliation,
    listPromoCodes,
    createPromoCode,
    changePromoCode,
    listRedemptions,
  ],
  createDependencies,
  lambdaRuntime({ env: process.env, now: () => new Date() }),
);
