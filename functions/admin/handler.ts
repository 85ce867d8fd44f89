import { createDependencies } from '#functions/admin/dependencies';
import { adminEndpoints } from '#functions/admin/endpoints';
import { apiHandler } from '#lib/http/api-handler';
import { lambdaRuntime } from '#lib/http/runtime';

/** What the people who run the app do (DESIGN 5, admins). */
export const handler = apiHandler(
  adminEndpoints,
  createDependencies,
  lambdaRuntime({ env: process.env, now: () => new Date() }),
);
