import type { ServiceDependencies } from '#functions/service/dependencies';
import { holdRoutes } from '#lib/contract/routes/holds';
import { endpoint } from '#lib/http/endpoint';
import { toHold } from '#lib/http/hold-resource';
import { closeCountedPage, openCountedPage } from '#lib/http/counted-page';
import { listHolds } from '#lib/wallets/list-holds';

/** GET /api/credits/{userId}/holds */
export const listUserHolds = endpoint(
  holdRoutes.listHolds,
  async (call, { ledger, history }: ServiceDependencies) => {
    const { params, query, request } = call;
    const place = openCountedPage(call);
    const { holds, total, at } = await listHolds(
      { ledger, history },
      {
        wallet: { userId: params.userId, creditType: query.credit_type },
        now: request.now,
        onlyOpen: query.state === 'open',
        ...place.window,
      },
    );
    return {
      status: 200,
      body: {
        holds: holds.map((hold) => toHold(hold, at)),
        pagination: closeCountedPage(place, total),
      },
    };
  },
);
