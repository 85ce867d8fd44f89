import { createDependencies } from '#functions/admin/dependencies';
import { getEvent } from '#functions/admin/get-event';
import { getReconciliation } from '#functions/admin/get-reconciliation';
import { listEvents } from '#functions/admin/list-events';
import { replayEvent } from '#functions/admin/replay-event';
import { verifyUser } from '#functions/admin/verify-user';
import { apiHandler } from '#lib/http/api-handler';
import { lambdaRuntime } from '#lib/http/runtime';

/** What the people who run the app do (DESIGN 5, admins). */
export const handler = apiHandler(
  [verifyUser, listEvents, getEvent, replayEvent, getReconciliation],
  createDependencies,
  lambdaRuntime({ env: process.env, now: () => new Date() }),
);
