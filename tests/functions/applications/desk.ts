import { applyToProject } from '#functions/applications/apply-to-project';
import { getApplication } from '#functions/applications/get-application';
import { getRefundEligibility } from '#functions/applications/get-refund-eligibility';
import { listApplications } from '#functions/applications/list-applications';
import { listRefunds } from '#functions/applications/list-refunds';
import { redeemCode } from '#functions/applications/redeem-code';
import { withdrawApplication } from '#functions/applications/withdraw-application';
import type { ApplicationDependencies } from '#functions/applications/dependencies';
import type { Route } from '#lib/contract/route';
import { apiHandler } from '#lib/http/api-handler';
import type { RateLimitStore } from '#lib/ports';
import { createApplicationStore } from '#lib/store/application-store';
import { context, httpEvent, testRuntime } from '#tests/http/events';
import type { TestLedger } from '#tests/support/ledger';

/** A machine at work on other tests must not cut a race short. */
const TIME_MS = 60_000;

/** Admits everybody, for tests that are about what comes after. */
const unlimited: RateLimitStore = {
  take: async () => ({ admitted: true, remaining: 1, retryInMs: 0, fullInMs: 0 }),
};

/** The applications function over a real table: `token` is the user's id, and the clock stands where it is put. */
export function openDesk(test: TestLedger, changes: Partial<ApplicationDependencies> = {}) {
  const runtime = testRuntime();
  const metrics: string[] = [];
  let now = runtime.now();
  const handle = apiHandler(
    [
      redeemCode,
      applyToProject,
      listApplications,
      getApplication,
      getRefundEligibility,
      withdrawApplication,
      listRefunds,
    ],
    (): ApplicationDependencies => ({
      verifyToken: async (sub) => ({
        kind: 'verified',
        caller: { kind: 'user', sub, clientId: 'app', groups: new Set(), scopes: new Set() },
      }),
      rateLimits: unlimited,
      ledger: test.ledger,
      history: test.history,
      applications: createApplicationStore(test.table),
      count: (name) => metrics.push(name),
      ...changes,
    }),
    { ...runtime, now: () => now },
  );
  let requests = 0;
  return {
    metrics,
    at(time: string) {
      now = new Date(time);
    },
    async call(
      route: Route,
      user: string,
      request: { readonly key?: string } & Parameters<typeof httpEvent>[1] = {},
    ) {
      requests += 1;
      const { key, ...rest } = request;
      const headers = key === undefined ? {} : { 'idempotency-key': key };
      const requestId = `desk-${requests}`;
      const event = httpEvent(route, { requestId, token: user, headers, ...rest });
      return handle(event, context(TIME_MS));
    },
  };
}
