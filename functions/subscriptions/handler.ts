import { cancelSubscription } from '#functions/subscriptions/cancel-subscription';
import { createDependencies } from '#functions/subscriptions/dependencies';
import { downgradeSubscription } from '#functions/subscriptions/downgrade-subscription';
import { resumeSubscription } from '#functions/subscriptions/resume-subscription';
import { upgradeSubscription } from '#functions/subscriptions/upgrade-subscription';
import { apiHandler } from '#lib/http/api-handler';
import { lambdaRuntime } from '#lib/http/runtime';

/** What is to become of subscriptions (DESIGN 5, services); what they are, `service` tells without Stripe. */
export const handler = apiHandler(
  [upgradeSubscription, downgradeSubscription, cancelSubscription, resumeSubscription],
  createDependencies,
  lambdaRuntime({ env: process.env, now: () => new Date() }),
);
