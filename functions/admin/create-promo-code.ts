import type { AdminDependencies } from '#functions/admin/dependencies';
import { invalidField, problem } from '#lib/contract/problem';
import { adminPromoRoutes } from '#lib/contract/routes/admin-promo';
import { auditContextOf } from '#lib/http/audit-refusal';
import { endpoint } from '#lib/http/endpoint';
import { toPromoCode } from '#lib/http/promo-resource';
import { createPromoCode as create } from '#lib/promo/create-promo-code';

/** POST /admin/credits/promo-codes */
export const createPromoCode = endpoint(
  adminPromoRoutes.createPromoCode,
  async (call, { ledger }: AdminDependencies) => {
    const { body, request, route: action } = call;
    const outcome = await create(ledger, {
      code: body.code,
      creditType: body.credit_type,
      terms: {
        active: body.active,
        credits: body.credits,
        creditsExpireAfterDays: body.credits_expire_after_days,
        creditsExpireAt: body.credits_expire_at,
        description: body.description ?? `Promotional code ${body.code}`,
        expiresAt: body.expires_at,
        maxUses: body.max_uses,
        userIds: body.user_ids,
      },
      request,
      audit: auditContextOf(call),
      action,
    });
    switch (outcome.kind) {
      case 'created':
      case 'replayed': {
        const replayed = outcome.kind === 'replayed';
        return { status: 201, body: toPromoCode(outcome.promo), replayed };
      }
      case 'exists':
        throw problem('PROMO_CODE_EXISTS');
      case 'key_reused':
        throw problem('IDEMPOTENCY_KEY_REUSED');
      case 'passed':
        throw invalidField(outcome.field, 'must lie in the future');
    }
  },
);
