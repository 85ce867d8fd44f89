import { adminEndpoints } from '#functions/admin/endpoints';
import { countRefusals } from '#lib/admin/count-refusals';
import type { Route } from '#lib/contract/route';
import type { FileStore } from '#lib/ports';
import { createDayStore } from '#lib/store/day-store';
import type { JobQueue } from '#lib/jobs/job-queue';
import { createJobStore } from '#lib/store/job-store';
import { createWalletReader } from '#lib/store/wallet-reader';
import { apiHandler } from '#lib/http/api-handler';
import { createMoneyStore } from '#lib/store/money-store';
import { createPromoStore } from '#lib/store/promo-store';
import { createCatalogStore } from '#lib/store/catalog-store';
import { createApplicationStore } from '#lib/store/application-store';
import { createEmailStore } from '#lib/store/email-store';
import { createPurchaseStore } from '#lib/store/purchase-store';
import { createAuditStore } from '#lib/store/audit-store';
import { createQuarantineStore } from '#lib/store/quarantine-store';
import { createRecentPurchaseStore } from '#lib/store/recent-purchase-store';
import { createReconciliationStore } from '#lib/store/reconciliation-store';
import { createRollupStore } from '#lib/store/rollup-store';
import { context, httpEvent, NOW, testRuntime } from '#tests/http/events';
import type { TestLedger } from '#tests/support/ledger';

/** A machine at work on other tests must not cut a race short. */
const TIME_MS = 60_000;

/** For tests that start no job. */
const nowhere: JobQueue = { send: () => Promise.reject(new Error('no job was expected')) };

/** For tests that export nothing. */
const noFile = () => Promise.reject(new Error('no file was expected'));
const noFiles: FileStore = {
  put: noFile,
  get: noFile,
  beginUpload: noFile,
  putPart: noFile,
  finishUpload: noFile,
  link: noFile,
};

const unlimited = {
  take: async () => ({ admitted: true, remaining: 1, retryInMs: 0, fullInMs: 0 }),
};

/** The admin function over a real table, as somebody of a group calls it. */
export function openOffice(
  test: TestLedger,
  { group = 'finance', jobQueue = nowhere, files = noFiles } = {},
) {
  let now = new Date(NOW);
  const quarantine = createQuarantineStore(test.table);
  const handle = apiHandler(
    adminEndpoints,
    () => ({
      verifyToken: async (sub) => ({
        kind: 'verified' as const,
        caller: {
          kind: 'admin' as const,
          sub,
          clientId: 'admin',
          groups: new Set([group]),
          scopes: new Set<string>(),
        },
      }),
      recordRefusal: countRefusals(test.ledger),
      promo: createPromoStore(test.table),
      applications: createApplicationStore(test.table),
      purchases: createPurchaseStore(test.table),
      recentPurchases: createRecentPurchaseStore(test.table),
      emails: createEmailStore(test.table),
      audit: createAuditStore(test.table),
      catalog: createCatalogStore(test.table),
      quarantine,
      jobs: createJobStore(test.table),
      jobQueue,
      wallets: createWalletReader(test.table),
      rateLimits: unlimited,
      days: createDayStore(test.table),
      files,
      reconciliations: createReconciliationStore(test.table),
      ledger: test.ledger,
      history: test.history,
      money: createMoneyStore(test.table),
      rollups: createRollupStore(test.table),
      livemode: false,
      count: () => undefined,
    }),
    { ...testRuntime(), now: () => now },
  );
  let requests = 0;
  return {
    at: (instant: string) => {
      now = new Date(instant);
    },
    call: (route: Route, request: Parameters<typeof httpEvent>[1]) => {
      requests += 1;
      const requestId = `req-${requests}`;
      return handle(
        httpEvent(route, { token: 'admin-1', requestId, ...request }),
        context(TIME_MS),
      );
    },
  };
}
