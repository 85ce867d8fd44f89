import type { InvoiceEvent, InvoiceLine } from '#lib/payments/subscription-event';
import { monthAt } from '#lib/subscriptions/months';
import type { PlanPeriod } from '#lib/subscriptions/plan-credits';
import type { ProviderState } from '#lib/subscriptions/provider-state';
import type { FailedInvoice, Subscription } from '#lib/subscriptions/subscription';
import { compareTiers, tierBilled, type Tiers } from '#lib/subscriptions/tiers';
import type { UnknownPrice } from '#lib/subscriptions/told-state';

export interface PaidPeriod {
  readonly ok: true;
  readonly period: PlanPeriod;
  /** The line that pays for it. */
  readonly line: InvoiceLine & { readonly priceId: string };
}

/**
 * The period of a plan that an invoice pays for. The first invoice and those of renewals have one line for the whole of
 * it; a change of price bills what is left of the running period, and stands for all of that: credits are given by
 * period and tier, not by the day.
 */
export function paidPeriodOf(
  event: InvoiceEvent,
  of: { readonly tiers: Tiers; readonly anchor: string },
): PaidPeriod | UnknownPrice {
  const lines = event.lines.flatMap((line) => {
    const { priceId } = line;
    const tier = tierBilled(of.tiers, { priceId, currency: event.currency });
    return priceId === null || tier === null ? [] : [{ ...line, priceId, tier }];
  });
  const whole = lines.filter(({ isProration }) => !isProration);
  const parts = lines
    .filter(({ amountMinor, isProration }) => isProration && amountMinor >= 0)
    .toSorted((a, b) => compareTiers(a.tier, b.tier));
  const [line] = whole.length > 0 ? whole : parts;
  if (!line || whole.length > 1) {
    const prices = event.lines.map(({ priceId }) => priceId ?? 'none').join(', ');
    const detail = `${event.invoiceId} bills ${prices} in ${event.currency}: ${lines.length} lines of tiers, not one`;
    return { ok: false, reason: 'UNKNOWN_PRICE', detail };
  }
  const { end, tier } = line;
  const { subscriptionId } = event;
  return { ok: true, line, period: { subscriptionId, tier, start: startOf(line, of.anchor), end } };
}

/** A part of a period begins with the change, and the period itself where its month does. */
function startOf({ isProration, start }: InvoiceLine, anchor: string): string {
  return isProration && anchor <= start ? monthAt(anchor, start).start : start;
}

/**
 * What a first invoice says of its subscription, which nobody has told us of yet: that it runs, since when and by which
 * price. Told as of its very beginning, so that every word of the subscription itself is newer.
 */
export function firstStateOf(
  event: InvoiceEvent,
  { line, period }: PaidPeriod,
  { userId }: { readonly userId: string },
): ProviderState {
  const { currency, customerId, subscriptionId } = event;
  const { itemId, priceId } = line;
  const { end, start, tier } = period;
  return {
    userId,
    provider: { name: 'stripe', subscriptionId, customerId, itemId, priceId, currency },
    tier,
    pendingChange: null,
    status: 'ACTIVE',
    anchor: start,
    currentPeriodStart: start,
    currentPeriodEnd: end,
    cancelAtPeriodEnd: false,
    cancelReason: null,
    endedAt: null,
    at: start,
  };
}

/**
 * Whether an invoice changes anything. Who begins or changes a plan hears of a payment that fails on the page, or by the
 * answer; nobody is there when it renews.
 */
export function isOfInterest({ outcome, reason }: InvoiceEvent): boolean {
  return outcome === 'paid' || reason === 'cycle';
}

/** A subscription with what became of an invoice, the same in whatever order they are told. */
export function withInvoice(subscription: Subscription, event: InvoiceEvent): Subscription {
  const { failedInvoice, paidInvoice } = subscription;
  const { at, invoiceId } = event;
  if (event.outcome === 'paid') {
    const isOver = failedInvoice?.invoiceId === invoiceId || (failedInvoice?.lastAt ?? '') <= at;
    const isNewest = (paidInvoice?.at ?? '') <= at;
    return {
      ...subscription,
      paidInvoice: isNewest ? { invoiceId, at } : paidInvoice,
      failedInvoice: isOver ? null : failedInvoice,
    };
  }
  if (paidInvoice && (paidInvoice.invoiceId === invoiceId || paidInvoice.at >= at)) {
    return subscription;
  }
  if (failedInvoice?.invoiceId === invoiceId) {
    return { ...subscription, failedInvoice: withAttempt(failedInvoice, event) };
  }
  if (failedInvoice && failedInvoice.lastAt > at) return subscription;
  const { amountMinor, currency, nextAttemptAt } = event;
  const failed = { invoiceId, amountMinor, currency, at, lastAt: at, nextAttemptAt };
  return { ...subscription, failedInvoice: failed };
}

function withAttempt(failed: FailedInvoice, event: InvoiceEvent): FailedInvoice {
  const { amountMinor, at, nextAttemptAt } = event;
  if (at < failed.at) return { ...failed, at };
  return at > failed.lastAt ? { ...failed, amountMinor, lastAt: at, nextAttemptAt } : failed;
}
