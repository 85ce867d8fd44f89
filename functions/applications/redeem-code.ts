import type { ApplicationDependencies } from '#functions/applications/dependencies';
import { problem } from '#lib/contract/problem';
import { applicationRoutes } from '#lib/contract/routes/applications';
import { endpoint } from '#lib/http/endpoint';
import { toRedeemed } from '#lib/http/promo-resource';
import { refusalProblem } from '#lib/http/refusal';
import { redeemCode as redeem } from '#lib/promo/redeem-code';

/** POST /credits/redeem */
export const redeemCode = endpoint(
  applicationRoutes.redeemCode,
  async ({ caller, body: { code }, request }, { count, ledger }: ApplicationDependencies) => {
    const { actor, now } = request;
    const outcome = await redeem(ledger, { userId: caller.sub, code, request, actor, now });
    switch (outcome.kind) {
      case 'redeemed':
      case 'replayed': {
        const replayed = outcome.kind === 'replayed';
        return { status: 201, body: toRedeemed(outcome.entry, code), replayed };
      }
      case 'invalid':
        count('PromoCodeMisses');
        throw problem('PROMO_CODE_INVALID');
      case 'redeemed_before':
        throw problem('PROMO_CODE_REDEEMED');
      case 'key_reused':
        throw problem('IDEMPOTENCY_KEY_REUSED');
      case 'refused':
        throw refusalProblem(outcome.refusal);
    }
  },
);
