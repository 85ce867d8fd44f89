import { availableOf, type Head, isFrozen } from '#lib/ledger/wallet';
import { advance } from '#lib/ledger/advance';
import type { Reader, RecordRef } from '#lib/ports';
import type { Quote } from '#lib/purchases/purchase';
import { creditsPricing, packagePricing } from '#lib/purchases/quote-purchase';
import { settingOf } from '#lib/settings/settings';
import {
  monthEnd,
  spentIn,
  stateOf,
  type TopUp,
  type TopUpAttempt,
  type TopUpReason,
  type TopUpTerms,
  topUpPurchaseId,
} from '#lib/topups/top-up';

const HOUR_MS = 3_600_000;
/** After the first decline in a row, and after the second; the third suspends. */
const BACKOFFS_MS = [HOUR_MS, 24 * HOUR_MS] as const;
/** What cannot be bought now is looked at again so much later. */
const UNAVAILABLE_MS = HOUR_MS;
/** One charge closes the whole gap, within reason: a package is bought at most so often at once. */
const PACKAGES_MAX = 1_000;
/** An attempt whose outcome is open is asked about so much later. */
export const ASK_AGAIN_MS = 5 * 60_000;

const COUNT_MAX = { record: 'setting', id: { key: 'topups_per_month_max' } } as const;
const MONEY_MAX = { record: 'setting', id: { key: 'topup_amounts_per_month_max' } } as const;

/** The items that `nextAttempt` reads. */
export function attemptRefs(terms: TopUpTerms): readonly RecordRef[] {
  return [COUNT_MAX, MONEY_MAX, ...pricingOf(terms, 1).reads];
}

export type Next =
  /** There is nothing to do. */
  | { readonly kind: 'idle' }
  /** The item that says so has to be written before anything else is done. */
  | { readonly kind: 'begun' | 'refused'; readonly topUp: TopUp };

/**
 * The next purchase for a wallet, or why there is none. Pure. `head` must have been read after `topUp`: an attempt that
 * has ended did so after its credits were in the wallet.
 */
export function nextAttempt(
  topUp: TopUp,
  state: { readonly head: Head; readonly read: Reader; readonly now: string },
): Next {
  const { head, now, read } = state;
  const { card, terms } = topUp;
  if (stateOf(topUp, now).kind !== 'active' || !terms || !card) return { kind: 'idle' };
  const current = advance(head, now).head;
  const available = availableOf(current);
  if (available >= terms.threshold) return { kind: 'idle' };
  // Nobody should pay for credits that they may not use.
  if (isFrozen(current)) return refused(topUp, 'wallet_frozen', now);
  // What is owed is paid from whatever comes in.
  const gap = { toThreshold: terms.threshold - available + current.debt };
  const wanted = quoteFor(
    { terms, creditType: topUp.creditType },
    { ...gap, toTarget: targetOf(terms) - available + current.debt },
    read,
  );
  if (typeof wanted === 'string') return refused(topUp, wanted, now);
  const spent = spentIn(topUp, now);
  const cap = capReached({ terms, spent, quote: wanted, read });
  if (cap !== null) return refused(topUp, cap, now);
  const number = topUp.attempts + 1;
  const attempt: TopUpAttempt = {
    number,
    purchaseId: topUpPurchaseId(topUp, number),
    credits: wanted.credits,
    amountMinor: wanted.amountMinor,
    currency: wanted.currency,
    packageId: wanted.packageId,
    packageName: wanted.packageName,
    customerRef: card.customerRef,
    methodRef: card.methodRef,
    at: now,
  };
  return {
    kind: 'begun',
    topUp: {
      ...topUp,
      attempts: number,
      attempt,
      spent: addSpent(spent, wanted),
      pause: null,
      checkAt: later(now, ASK_AGAIN_MS),
    },
  };
}

/** The item once its purchase has been paid and credited: whatever declined before is forgotten. */
export function endPaid(topUp: TopUp, attempt: TopUpAttempt, now: string): TopUp {
  return {
    ...ended(topUp, attempt, { kind: 'paid', reason: null, at: now }),
    declines: 0,
    pause: null,
    stop: null,
  };
}

/**
 * The item once its purchase has failed: waits an hour, then a day, and stops after the third in a row. A bank that asks
 * for its customer is not asked again without one.
 */
export function endFailed(
  topUp: TopUp,
  attempt: TopUpAttempt,
  told: { readonly reason: TopUpReason; readonly now: string },
): TopUp {
  const { now, reason } = told;
  const { purchaseId } = attempt;
  const failed = giveBack(ended(topUp, attempt, { kind: 'failed', reason, at: now }), attempt);
  if (reason === 'authentication_required') {
    const stop = { kind: 'action_required', purchaseId, at: now } as const;
    return { ...failed, enabled: false, declines: 0, pause: null, stop };
  }
  const declines = topUp.declines + 1;
  const backoff = BACKOFFS_MS[declines - 1];
  if (backoff === undefined) {
    const stop = { kind: 'suspended', purchaseId, at: now } as const;
    return { ...failed, declines, pause: null, stop };
  }
  const until = later(now, backoff);
  return { ...failed, declines, pause: { reason, until, at: now }, checkAt: until };
}

/** The item once it is certain that its purchase was never asked for, or may not be: nobody declined anything. */
export function endRefused(
  topUp: TopUp,
  attempt: TopUpAttempt,
  told: { readonly reason: TopUpReason; readonly now: string },
): TopUp {
  const { now, reason } = told;
  const refusedOne = giveBack(ended(topUp, attempt, { kind: 'refused', reason, at: now }), attempt);
  return paused(refusedOne, { reason, until: later(now, UNAVAILABLE_MS), at: now });
}

/** The owner says: try again. */
export function resumed(topUp: TopUp): TopUp {
  return {
    ...topUp,
    enabled: topUp.stop?.kind === 'action_required' ? true : topUp.enabled,
    asked: topUp.asked + 1,
    declines: 0,
    pause: null,
    stop: null,
  };
}

/** What is to be bought, and for which wallet of its owner. */
interface Wanting {
  readonly terms: TopUpTerms;
  readonly creditType: string;
}

/** Whether the terms can be bought at all, as things stand: the first reason why not, or null. */
export function refusedTerms(wanting: Wanting, read: Reader): TopUpReason | null {
  const gap = { toThreshold: 1, toTarget: targetOf(wanting.terms) };
  const wanted = quoteFor(wanting, gap, read);
  return typeof wanted === 'string' ? wanted : null;
}

/** What an operator allows to one wallet in a month. */
export function capsOf(terms: Pick<TopUpTerms, 'currency'>, read: Reader) {
  const amounts = settingOf('topup_amounts_per_month_max', read('setting', MONEY_MAX.id));
  return {
    countMax: settingOf('topups_per_month_max', read('setting', COUNT_MAX.id)),
    amountMinorMax:
      amounts.find(({ currency }) => currency === terms.currency)?.amount_minor ?? null,
  };
}

function pricingOf(terms: TopUpTerms, credits: number) {
  const { currency, fill } = terms;
  return fill.kind === 'package'
    ? packagePricing({ packageId: fill.packageId, currency })
    : creditsPricing({ credits, creditType: '', currency });
}

function targetOf({ fill }: TopUpTerms): number {
  return fill.kind === 'target' ? fill.credits : 0;
}

/** One purchase that closes the whole gap, or why there is none. */
function quoteFor(
  { creditType, terms }: Wanting,
  gap: { readonly toThreshold: number; readonly toTarget: number },
  read: Reader,
): Quote | TopUpReason {
  const priced = pricingOf(terms, gap.toTarget).quote(read);
  if (!priced.ok) {
    return priced.refusal.code === 'CURRENCY_NOT_AVAILABLE'
      ? 'currency_not_available'
      : 'package_not_available';
  }
  const { quote } = priced;
  if (terms.fill.kind === 'target') return quote;
  // A package has its own type, and may have got another since.
  if (quote.creditType !== creditType) return 'package_not_available';
  const times = Math.min(PACKAGES_MAX, Math.max(1, Math.ceil(gap.toThreshold / quote.credits)));
  if (times === 1) return quote;
  return {
    ...quote,
    credits: quote.credits * times,
    amountMinor: quote.amountMinor * times,
    packageName: `${times} x ${quote.packageName}`,
  };
}

function capReached(of: {
  readonly terms: TopUpTerms;
  readonly spent: TopUp['spent'];
  readonly quote: Pick<Quote, 'amountMinor' | 'currency'>;
  readonly read: Reader;
}): TopUpReason | null {
  const { quote, read, spent, terms } = of;
  const caps = capsOf(terms, read);
  if (spent.count >= Math.min(terms.countMax, caps.countMax)) return 'count_cap_reached';
  const before = spent.money.find(({ currency }) => currency === quote.currency)?.amountMinor ?? 0;
  const amountMax = Math.min(terms.amountMinorMax, caps.amountMinorMax ?? Infinity);
  return before + quote.amountMinor > amountMax ? 'money_cap_reached' : null;
}

function addSpent(
  spent: TopUp['spent'],
  money: { readonly currency: string; readonly amountMinor: number },
): TopUp['spent'] {
  const { amountMinor, currency } = money;
  const before = spent.money.find((row) => row.currency === currency)?.amountMinor ?? 0;
  const others = spent.money.filter((row) => row.currency !== currency);
  return {
    ...spent,
    count: spent.count + 1,
    money: [...others, { currency, amountMinor: before + amountMinor }],
  };
}

/** What failed does not count, if it was begun in the month that is still counted. */
function giveBack(topUp: TopUp, attempt: TopUpAttempt): TopUp {
  const { spent } = topUp;
  if (spent.month !== attempt.at.slice(0, 7)) return topUp;
  const money = spent.money.map((row) =>
    row.currency === attempt.currency
      ? { ...row, amountMinor: Math.max(0, row.amountMinor - attempt.amountMinor) }
      : row,
  );
  return { ...topUp, spent: { ...spent, count: Math.max(0, spent.count - 1), money } };
}

function ended(
  topUp: TopUp,
  { purchaseId }: TopUpAttempt,
  last: Omit<NonNullable<TopUp['last']>, 'purchaseId'>,
): TopUp {
  return { ...topUp, attempt: null, last: { purchaseId, ...last }, checkAt: null };
}

function refused(topUp: TopUp, reason: TopUpReason, now: string): Next {
  const isCap = reason === 'count_cap_reached' || reason === 'money_cap_reached';
  const until = isCap ? monthEnd(now) : later(now, UNAVAILABLE_MS);
  return { kind: 'refused', topUp: paused(topUp, { reason, until, at: now }) };
}

function paused(topUp: TopUp, pause: NonNullable<TopUp['pause']>): TopUp {
  return { ...topUp, pause, checkAt: pause.until };
}

function later(instant: string, ms: number): string {
  return new Date(Date.parse(instant) + ms).toISOString();
}
