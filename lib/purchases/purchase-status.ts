import { reversedShare } from '#lib/ledger/reversal';
import type { Purchase, RefundRequest } from '#lib/purchases/purchase';

export type PurchaseStatus =
  'pending' | 'paid' | 'failed' | 'expired' | 'partially_refunded' | 'refunded' | 'disputed';

/**
 * What a purchase is, derived from its facts alone: whatever order they came in, equal facts give equal status. Money
 * that arrived outweighs any failure before it, and never goes back to pending (DESIGN 6).
 */
export function statusOf(purchase: Purchase): PurchaseStatus {
  if (purchase.payments.length === 0) return unpaidStatus(purchase);
  if (disputesOf(purchase).length > 0) return 'disputed';
  const refunded = refundedMinorOf(purchase);
  if (refunded === 0) return 'paid';
  return refunded >= paidMinorOf(purchase) ? 'refunded' : 'partially_refunded';
}

/** Money that arrived, in minor units. */
export function paidMinorOf(purchase: Purchase): number {
  return sumOf(purchase.payments);
}

/**
 * Money on its way back or returned by refunds, in minor units; a failed refund gave nothing back. The provider's own
 * total, less what failed since, covers refunds that we have not heard of; once we know them all it says no more than
 * they do. Never more than was paid.
 */
export function refundedMinorOf(purchase: Purchase): number {
  const refunds = purchase.refunds.filter(ofPayment(purchase));
  const failed = sumOf(refunds.filter(({ state }) => state === 'failed'));
  const known = sumOf(refunds) - failed;
  const told = sumOf(purchase.refundTotals.filter(ofPayment(purchase)));
  return Math.min(Math.max(known, told - failed), paidMinorOf(purchase));
}

/**
 * Credits that are still to be taken back from the wallet (DESIGN 3.6), or, below zero, to be reinstated: the share of
 * the money that refunds and disputes took, less what corrections took so far. A dispute takes back from the moment it
 * is open, because its money is gone from then on, whatever becomes of it; both together never take more than was paid.
 */
export function reversalDue(purchase: Purchase): number {
  return reversedInAll(purchase) - reversedSoFar(purchase);
}

function reversedInAll(purchase: Purchase): number {
  const paidMinor = paidMinorOf(purchase);
  // What cost nothing has no money that could go back.
  if (paidMinor === 0) return 0;
  const refundedMinor = refundedMinorOf(purchase) + disputedMinorOf(purchase);
  return reversedShare({ credits: purchase.credits, paidMinor, refundedMinor });
}

/** Credits that refunds and disputes have taken back, less what was reinstated. */
export function reversedSoFar(purchase: Purchase): number {
  return purchase.corrections.reduce(
    (sum, { kind, credits }) => (kind === 'reversal' ? sum + credits : sum - credits),
    0,
  );
}

/** Money that disputes hold, for the time being or for good, in minor units. */
export function disputedMinorOf(purchase: Purchase): number {
  return sumOf(disputesOf(purchase));
}

/** Disputes that hold the purchase's money, for the time being or for good. */
function disputesOf(purchase: Purchase): Purchase['disputes'] {
  return purchase.disputes
    .filter(ofPayment(purchase))
    .filter(({ state }) => state === 'open' || state === 'lost');
}

/** Only what happened to the money that was credited counts: a payment that we had to refuse is refunded as well. */
function ofPayment(purchase: Purchase) {
  return ({ paymentRef }: { readonly paymentRef: string }): boolean =>
    purchase.payments.some(({ ref }) => ref === paymentRef);
}

function sumOf(facts: readonly { readonly amountMinor: number }[]): number {
  return facts.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
}

/** When the money arrived, or null. */
export function paidAtOf(purchase: Purchase): string | null {
  return purchase.payments.map((payment) => payment.at).toSorted()[0] ?? null;
}

/** Whether money has arrived between two states of a purchase. Its status alone may skip `paid`, if a refund came first. */
export function becamePaid(change: {
  readonly before: Purchase | null;
  readonly after: Purchase;
}): boolean {
  return !change.before?.payments.length && change.after.payments.length > 0;
}

/** Credits that the facts entitle the wallet to and that it has not got yet. */
export function creditsDue(purchase: Purchase): number {
  const earned = purchase.payments.length > 0 ? purchase.credits : 0;
  return earned - (purchase.credited?.credits ?? 0);
}

/** A declined card ends nothing, because its page takes another one; it has failed once that page is over. */
function unpaidStatus(purchase: Purchase): PurchaseStatus {
  const kinds = new Set(purchase.outcomes.map((outcome) => outcome.kind));
  if (kinds.has('failed')) return 'failed';
  if (!kinds.has('expired')) return 'pending';
  return purchase.lastDecline ? 'failed' : 'expired';
}

/** What we have asked a provider for and cannot tell whether it was done. */
export type UnknownOutcome = 'checkout' | 'refund';

/**
 * What of a purchase waits for its provider's word: the page or order was asked for and none is known, or money was to
 * go back and no refund is known. An event, the same request sent again, or reconciliation tells (DESIGN 6).
 */
export function unknownOutcomesOf(purchase: Purchase): readonly UnknownOutcome[] {
  const isPageUnknown = purchase.session === null && statusOf(purchase) === 'pending';
  const isRefundUnknown = (purchase.refundRequests ?? []).some(isOpenRequest);
  return [
    ...(isPageUnknown ? (['checkout'] as const) : []),
    ...(isRefundUnknown ? (['refund'] as const) : []),
  ];
}

/** Whether nobody has told yet what a request for a refund came to. */
export function isOpenRequest({ ended, refundRef }: RefundRequest): boolean {
  return refundRef === null && ended === undefined;
}
