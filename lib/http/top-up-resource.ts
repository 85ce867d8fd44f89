import { type ProblemError, problem } from '#lib/contract/problem';
import { TOPUP_REASONS } from '#lib/contract/topups';
import type * as wire from '#lib/contract/wire';
import type { Wire } from '#lib/http/endpoint';
import { toCurrency } from '#lib/http/purchase-resource';
import { toCreditType } from '#lib/http/wallet-resource';
import { invariant } from '#lib/invariant';
import type { TopUpOutcome, TopUpRefusal, TopUpView } from '#lib/topups/change-top-up';
import {
  spentIn,
  stateOf,
  type TopUp,
  type TopUpReason,
  type TopUpState,
  type TopUpTerms,
} from '#lib/topups/top-up';

/** The answer of a call that changes a top-up; throws where it was refused. */
export function topUpAnswer(outcome: TopUpOutcome, now: string) {
  if (outcome.kind === 'reused') throw problem('IDEMPOTENCY_KEY_REUSED');
  if (outcome.kind === 'refused') throw problemOf(outcome.refusal);
  return {
    status: 200,
    body: toTopUp(outcome.view, now),
    replayed: outcome.kind === 'replayed',
  } as const;
}

/** The automatic top-up of a wallet as the API shows it. */
export function toTopUp({ available, topUp }: TopUpView, now: string): Wire<typeof wire.topUp> {
  const { card, declines, last, terms } = topUp;
  const spent = spentIn(topUp, now);
  const state = stateOf(topUp, now);
  const fill = terms?.fill;
  return {
    credit_type: toCreditType(topUp.creditType),
    enabled: topUp.enabled,
    state: state.kind,
    reason_code: reasonOf(topUp, state),
    purchase_id: 'purchaseId' in state ? state.purchaseId : null,
    until: 'until' in state ? state.until : null,
    available,
    threshold: terms?.threshold ?? null,
    package_id: fill?.kind === 'package' ? fill.packageId : null,
    target: fill?.kind === 'target' ? fill.credits : null,
    currency: terms ? toCurrency(terms.currency) : null,
    max_per_month: terms?.countMax ?? null,
    max_amount_per_month: terms?.amountMinorMax ?? null,
    purchases_this_month: spent.count,
    amount_this_month:
      spent.money.find(({ currency }) => currency === terms?.currency)?.amountMinor ?? 0,
    declines,
    card_saved_at: card?.savedAt ?? null,
    last_purchase: last && {
      purchase_id: last.purchaseId,
      outcome: last.kind,
      reason_code: last.reason === null ? null : toReason(last.reason),
      at: last.at,
    },
  };
}

/** What a request says of the terms; what it leaves out stays as it was. */
export function toTermsChange(body: TermsBody): Partial<TopUpTerms> {
  const { currency, max_amount_per_month: amountMinorMax, max_per_month: countMax } = body;
  const { package_id: packageId, target, threshold } = body;
  return {
    ...(threshold !== undefined && { threshold }),
    ...(packageId !== undefined && { fill: { kind: 'package', packageId } }),
    ...(target !== undefined && { fill: { kind: 'target', credits: target } }),
    ...(currency !== undefined && { currency }),
    ...(countMax !== undefined && { countMax }),
    ...(amountMinorMax !== undefined && { amountMinorMax }),
  };
}

interface TermsBody {
  readonly threshold?: number | undefined;
  readonly package_id?: string | undefined;
  readonly target?: number | undefined;
  readonly currency?: string | undefined;
  readonly max_per_month?: number | undefined;
  readonly max_amount_per_month?: number | undefined;
}

/** Only words of the contract are ever stored. */
export function toReason(reason: string): TopUpReason {
  const known = TOPUP_REASONS.find((word) => word === reason);
  invariant(known, 'every reason is a word of the contract');
  return known;
}

function reasonOf(topUp: TopUp, state: TopUpState): TopUpReason | null {
  switch (state.kind) {
    case 'suspended':
    case 'action_required':
      return topUp.last?.reason == null ? null : toReason(topUp.last.reason);
    case 'backing_off':
    case 'cap_reached':
      return toReason(state.reason);
    case 'off':
    case 'active':
    case 'card_required':
    case 'waiting':
      return null;
  }
}

function problemOf(refusal: TopUpRefusal): ProblemError {
  switch (refusal.code) {
    case 'terms_missing': {
      const message =
        'is needed together with threshold, currency, max_per_month and max_amount_per_month';
      return invalid('package_id', `or target ${message}`);
    }
    case 'target_too_low':
      return invalid('target', 'must be above threshold');
    case 'above_limit':
      return invalid(refusal.field, `must be at most ${refusal.limit}`);
    case 'not_buyable':
      return refusal.reason === 'currency_not_available'
        ? problem('CURRENCY_NOT_AVAILABLE', { currency: refusal.currency })
        : problem('PACKAGE_NOT_AVAILABLE');
  }
}

function invalid(field: string, message: string): ProblemError {
  return problem('VALIDATION_FAILED', { errors: [{ field, message }] });
}
