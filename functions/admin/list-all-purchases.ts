import * as z from 'zod';
import type { AdminDependencies } from '#functions/admin/dependencies';
import { invalidField } from '#lib/contract/problem';
import { adminPurchaseRoutes } from '#lib/contract/routes/admin-purchases';
import { endpoint } from '#lib/http/endpoint';
import { closePage, openPage } from '#lib/http/pagination';
import { toPurchase } from '#lib/http/purchase-resource';
import {
  type FoundPurchases,
  listPurchases,
  listUserPurchases,
} from '#lib/purchases/list-purchases';
import { dayPlaceSchema } from '#lib/reports/days-back';

/** Of one user's: the number of the purchase to go on with. */
const numberPlace = z.int().min(1);

/** GET /admin/credits/purchases */
export const listAllPurchases = endpoint(
  adminPurchaseRoutes.listAllPurchases,
  async (call, { ledger: store, purchases, recentPurchases }: AdminDependencies) => {
    const { user_id: userId, from, provider, status, to } = call.query;
    if (from !== undefined && to !== undefined && from >= to) {
      throw invalidField('to', 'must be later than from');
    }
    const filter = { from, provider, status, to };
    if (userId === undefined) {
      const page = openPage(call, dayPlaceSchema);
      const { position: place, limit } = page;
      const query = { ...filter, now: call.request.now, place, limit };
      const found = await listPurchases({ recentPurchases, store }, query);
      return answer(found, closePage(page, { total: null, next: found.next }));
    }
    const page = openPage(call, numberPlace);
    const { position: upTo, limit } = page;
    const found = await listUserPurchases({ purchases }, { ...filter, userId, upTo, limit });
    return answer(found, closePage(page, { total: null, next: found.next }));
  },
);

function answer<P>({ purchases }: FoundPurchases<P>, pagination: ReturnType<typeof closePage>) {
  return { status: 200, body: { purchases: purchases.map(toPurchase), pagination } } as const;
}
