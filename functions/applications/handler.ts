import { applyToProject } from '#functions/applications/apply-to-project';
import { createDependencies } from '#functions/applications/dependencies';
import { getApplication } from '#functions/applications/get-application';
import { getRefundEligibility } from '#functions/applications/get-refund-eligibility';
import { listApplications } from '#functions/applications/list-applications';
import { listRefunds } from '#functions/applications/list-refunds';
import { redeemCode } from '#functions/applications/redeem-code';
import { withdrawApplication } from '#functions/applications/withdraw-application';
import { apiHandler } from '#lib/http/api-handler';
import { lambdaRuntime } from '#lib/http/runtime';

/** Codes that users redeem, and projects that they apply to (DESIGN 5, users). */
export const handler = apiHandler(
  [
    redeemCode,
    applyToProject,
    listApplications,
    getApplication,
    getRefundEligibility,
    withdrawApplication,
    listRefunds,
  ],
  createDependencies,
  lambdaRuntime({ env: process.env, now: () => new Date() }),
);
