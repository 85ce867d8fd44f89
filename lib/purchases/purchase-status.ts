import type { Purchase } from '#lib/purchases/purchase';

export type PurchaseStatus =
  'pending' | 'paid' | 'failed' | 'expired' | 'partially_refunded' | 'refunded' | 'disputed';

/**
 * What a purchase is, derived from its facts alone: whatever order they came in, equal facts give equal status. Money
 * that arrived outweighs any failure before it, and never goes back to pending (DESIGN 6).
 */
export function statusOf(purchase: Purchase): PurchaseStatus {
  if (purchase.payments.length === 0) return unpaidStatus(purchase);
  if (purchase.disputes.some((dispute) => dispute.state !== 'won')) return 'disputed';
  const refunded = refundedMinorOf(purchase);
  if (refunded === 0) return 'paid';
  return refunded >= paidMinorOf(purchase) ? 'refunded' : 'partially_refunded';
}

/** Money that arrived, in minor units. */
export function paidMinorOf(purchase: Purchase): number {
  return purchase.payments.reduce((sum, payment) => sum + payment.amountMinor, 0);
}

/** Money on its way back or returned, in minor units; a failed refund gave nothing back. */
export function refundedMinorOf(purchase: Purchase): number {
  return purchase.refunds.reduce(
    (sum, refund) => (refund.state === 'failed' ? sum : sum + refund.amountMinor),
    0,
  );
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

function unpaidStatus(purchase: Purchase): PurchaseStatus {
  const kinds = new Set(purchase.outcomes.map((outcome) => outcome.kind));
  if (kinds.has('failed')) return 'failed';
  return kinds.has('expired') ? 'expired' : 'pending';
}
