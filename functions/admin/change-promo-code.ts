import type { AdminDependencies } from '#functions/admin/dependencies';
import { invalidField, problem } from '#lib/contract/problem';
import { adminPromoRoutes } from '#lib/contract/routes/admin-promo';
import { auditContextOf } from '#lib/http/audit-refusal';
import { endpoint } from '#lib/http/endpoint';
import { toPromoCode } from '#lib/http/promo-resource';
import { changePromoCode as change } from '#lib/promo/change-promo-code';

/** PATCH /admin/credits/promo-codes/{code} */
export const changePromoCode = endpoint(
  adminPromoRoutes.changePromoCode,
  async (call, { ledger }: AdminDependencies) => {
    const { body, params, route: action } = call;
    const outcome = await change(ledger, {
      code: params.code,
      changes: {
        ...(body.active !== undefined && { active: body.active }),
        ...(body.credits !== undefined && { credits: body.credits }),
        ...(body.credits_expire_after_days !== undefined && {
          creditsExpireAfterDays: body.credits_expire_after_days,
        }),
        ...(body.credits_expire_at !== undefined && { creditsExpireAt: body.credits_expire_at }),
        ...(body.description !== undefined && { description: body.description }),
        ...(body.expires_at !== undefined && { expiresAt: body.expires_at }),
        ...(body.max_uses !== undefined && { maxUses: body.max_uses }),
        ...(body.user_ids !== undefined && { userIds: body.user_ids }),
      },
      audit: auditContextOf(call),
      action,
    });
    if (outcome.kind === 'missing') throw problem('NOT_FOUND');
    if (outcome.kind === 'passed') throw invalidField(outcome.field, 'must lie in the future');
    return { status: 200, body: toPromoCode(outcome.promo) };
  },
);
