import * as z from 'zod';
import { promoCodeText, redeemed } from '#lib/contract/promo';
import { rateLimits } from '#lib/contract/rate-limits';
import { route } from '#lib/contract/route';

/** What users get for a code and pay for a project. */
export const applicationRoutes = {
  redeemCode: route({
    name: 'redeemCode',
    method: 'POST',
    path: '/credits/redeem',
    function: 'applications',
    access: { kind: 'user', permission: 'credits.redeem' },
    summary: 'Redeems a promotional code, once per user',
    body: z.strictObject({ code: promoCodeText }),
    idempotent: true,
    limit: rateLimits.redeem,
    answers: { 201: redeemed },
    errors: [
      'PROMO_CODE_INVALID',
      'PROMO_CODE_REDEEMED',
      'TOO_MANY_GRANTS',
      'BALANCE_LIMIT_EXCEEDED',
      'CONTENTION',
    ],
  }),
};
