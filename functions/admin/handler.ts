import { createDependencies } from '#functions/admin/dependencies';
import { listEvents } from '#functions/admin/list-events';
import { verifyUser } from '#functions/admin/verify-user';
import { apiHandler } from '#lib/http/api-handler';
import { lambdaRuntime } from '#lib/http/runtime';

/** What the people who run the app do (DESIGN 5, admins). */
export const handler = apiHandler(
  [verifyUser, listEvents],
  createDependencies,
  lambdaRuntime({ env: process.env, now: () => new Date() }),
);
