import { reversedShare } from '#lib/ledger/reversal';
import type { Purchase } from '#lib/purchases/purchase';
import { paidMinorOf } from '#lib/purchases/purchase-status';

export interface TakenBack {
  readonly credits: number;
  /** The entries that say so; all of the purchase's reversals where its part in them cannot be told apart. */
  readonly entryIds: readonly string[];
}

/**
 * What one refund or dispute of a purchase took back. The ledger takes cumulative shares (DESIGN 3.6), so its part is
 * what it added to those before it: the parts of all add up to what the ledger took.
 */
export function takenBackBy(purchase: Purchase, id: string): TakenBack {
  const reversals = purchase.corrections.filter(({ kind }) => kind === 'reversal');
  const reversed = reversals.reduce((sum, { credits }) => sum + credits, 0);
  // A share that the wallet has not followed yet is not taken.
  const credits = Math.min(shareOf(purchase, id), reversed);
  if (credits === 0) return { credits, entryIds: [] };
  const exact = reversals.filter((reversal) => reversal.credits === credits);
  const entries = exact.length === 1 ? exact : reversals;
  return { credits, entryIds: entries.map(({ entryId }) => entryId) };
}

function shareOf(purchase: Purchase, id: string): number {
  const { credits } = purchase;
  const paidMinor = paidMinorOf(purchase);
  // What cost nothing has no money that could go back.
  if (paidMinor === 0) return 0;
  let refundedMinor = 0;
  for (const taking of takingsOf(purchase)) {
    const before = reversedShare({ credits, paidMinor, refundedMinor });
    refundedMinor += taking.amountMinor;
    if (taking.id === id) return reversedShare({ credits, paidMinor, refundedMinor }) - before;
  }
  return 0;
}

/** Everything that takes money of the credited payment back, in the order in which it happened. */
function takingsOf({ payments, refunds, disputes }: Purchase) {
  return [
    ...refunds.filter(({ state }) => state !== 'failed'),
    ...disputes.filter(({ state }) => state === 'open' || state === 'lost'),
  ]
    .filter(({ paymentRef }) => payments.some(({ ref }) => ref === paymentRef))
    .toSorted((a, b) => (`${a.at} ${a.id}` < `${b.at} ${b.id}` ? -1 : 1));
}
