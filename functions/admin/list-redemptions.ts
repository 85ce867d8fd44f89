import * as z from 'zod';
import type { AdminDependencies } from '#functions/admin/dependencies';
import { problem } from '#lib/contract/problem';
import { adminPromoRoutes } from '#lib/contract/routes/admin-promo';
import { endpoint } from '#lib/http/endpoint';
import { closePage, openPage } from '#lib/http/pagination';
import { toRedemption } from '#lib/http/promo-resource';

// A cursor names the redemption that it goes on with: those that come in meanwhile move no page.
const position = z.int().min(1);

/** GET /admin/credits/promo-codes/{code}/redemptions */
export const listRedemptions = endpoint(
  adminPromoRoutes.listRedemptions,
  async (call, { ledger, promo }: AdminDependencies) => {
    const id = { code: call.params.code };
    const page = openPage(call, position);
    const found = (await ledger.load([{ record: 'promoCode', id }]))('promoCode', id);
    if (!found) throw problem('NOT_FOUND');
    const total = found.value.uses;
    const redemptions = await promo.redemptions({
      ...id,
      total,
      limit: page.limit,
      ...(page.position === null
        ? { offset: (page.page - 1) * page.limit }
        : { offset: 0, upTo: page.position }),
    });
    const oldest = redemptions.at(-1)?.number ?? 1;
    return {
      status: 200,
      body: {
        redemptions: redemptions.map(toRedemption),
        pagination: closePage(page, { total, next: oldest > 1 ? oldest - 1 : null }),
      },
    };
  },
);
