import { changePromoCode } from '#functions/admin/change-promo-code';
import { createPromoCode } from '#functions/admin/create-promo-code';
import { getEvent } from '#functions/admin/get-event';
import { getReconciliation } from '#functions/admin/get-reconciliation';
import { listEvents } from '#functions/admin/list-events';
import { listPromoCodes } from '#functions/admin/list-promo-codes';
import { listRedemptions } from '#functions/admin/list-redemptions';
import { replayEvent } from '#functions/admin/replay-event';
import { verifyUser } from '#functions/admin/verify-user';
import { countRefusals } from '#lib/admin/count-refusals';
import type { Route } from '#lib/contract/route';
import { apiHandler } from '#lib/http/api-handler';
import { createPromoStore } from '#lib/store/promo-store';
import { createQuarantineStore } from '#lib/store/quarantine-store';
import { createReconciliationStore } from '#lib/store/reconciliation-store';
import { context, httpEvent, testRuntime } from '#tests/http/events';
import type { TestLedger } from '#tests/support/ledger';

/** The admin function over a real table, as somebody of a group calls it. */
export function openOffice(test: TestLedger, { group = 'finance' } = {}) {
  const quarantine = createQuarantineStore(test.table);
  const handle = apiHandler(
    [
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
      quarantine,
      reconciliations: createReconciliationStore(test.table),
      ledger: test.ledger,
      livemode: false,
      count: () => undefined,
    }),
    testRuntime(),
  );
  let requests = 0;
  return {
    call: (route: Route, request: Parameters<typeof httpEvent>[1]) => {
      requests += 1;
      const requestId = `req-${requests}`;
      return handle(httpEvent(route, { token: 'admin-1', requestId, ...request }), context());
    },
  };
}
