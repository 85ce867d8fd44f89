import { createDependencies } from '#functions/applications/dependencies';
import { redeemCode } from '#functions/applications/redeem-code';
import { apiHandler } from '#lib/http/api-handler';
import { lambdaRuntime } from '#lib/http/runtime';

/** Codes that users redeem, and projects that they apply to (DESIGN 5, users). */
export const handler = apiHandler(
  [redeemCode],
  createDependencies,
  lambdaRuntime({ env: process.env, now: () => new Date() }),
);
