import * as z from 'zod';
import type { AdminDependencies } from '#functions/admin/dependencies';
import { adminPromoRoutes } from '#lib/contract/routes/admin-promo';
import { endpoint } from '#lib/http/endpoint';
import { closePage, openPage } from '#lib/http/pagination';
import { toPromoCode } from '#lib/http/promo-resource';

// The index sorts by time and code: a cursor names the last code that was shown.
const position = z.string().min(1).max(100);

/** GET /admin/credits/promo-codes */
export const listPromoCodes = endpoint(
  adminPromoRoutes.listPromoCodes,
  async (call, { promo }: AdminDependencies) => {
    const page = openPage(call, position);
    const { codes, next } = await promo.codes({
      after: page.position,
      offset: page.position === null ? (page.page - 1) * page.limit : 0,
      limit: page.limit,
    });
    return {
      status: 200,
      body: {
        promo_codes: codes.map(toPromoCode),
        pagination: closePage(page, { total: null, next }),
      },
    };
  },
);
