import * as z from 'zod';
import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { endpoint } from '#lib/http/endpoint';
import { closePage, openPage } from '#lib/http/pagination';
import { toPurchase } from '#lib/http/purchase-resource';

// A cursor names the purchase that it goes on with: purchases that are begun meanwhile move no page.
const position = z.int().min(1);

/** GET /credits/purchases */
export const listPurchases = endpoint(
  purchaseRoutes.listPurchases,
  async (call, { purchases: stored }: PurchaseDependencies) => {
    const page = openPage(call, position);
    const { purchases, total } = await stored.page({
      userId: call.caller.sub,
      limit: page.limit,
      ...(page.position === null
        ? { offset: (page.page - 1) * page.limit }
        : { offset: 0, upTo: page.position }),
    });
    const oldest = purchases.at(-1)?.number ?? 1;
    const next = oldest > 1 ? oldest - 1 : null;
    return {
      status: 200,
      body: {
        purchases: purchases.map(toPurchase),
        pagination: closePage(page, { total, next }),
      },
    };
  },
);
