import {
  DISPUTE_STATES,
  type DisputeEvent,
  REFUND_STATES,
  type RefundEvent,
  type RefundTotalEvent,
} from '#lib/payments/payment-event';
import { NO_RETURNS, type Returns } from '#lib/purchases/purchase';

/** What tells of money on its way back. */
export type ReturnEvent = RefundEvent | RefundTotalEvent | DisputeEvent;

/** Refunds, and disputes, of one payment: a purchase is one item, and has to stay one. */
const RETURNS_MAX = 100;

export type MergedReturns =
  | { readonly ok: true; readonly returns: Returns }
  | {
      readonly ok: false;
      readonly reason: 'WRONG_AMOUNT' | 'CONTRADICTING_PURCHASE' | 'TOO_MANY_FACTS';
      readonly detail: string;
    };

/** What one event says, as facts. */
export function returnsOf(event: ReturnEvent): Returns {
  const { paymentRef, at } = event;
  switch (event.kind) {
    case 'refund': {
      const { refundRef: id, amountMinor, state } = event;
      return { ...NO_RETURNS, refunds: [{ id, paymentRef, amountMinor, state, at }] };
    }
    case 'refund_total':
      return { ...NO_RETURNS, refundTotals: [{ paymentRef, amountMinor: event.refundedMinor }] };
    case 'dispute': {
      const { disputeRef: id, amountMinor, state } = event;
      return { ...NO_RETURNS, disputes: [{ id, paymentRef, amountMinor, state, at }] };
    }
  }
}

/**
 * Both sets together. States only go forward, however late the news of an earlier one comes: a failed refund stays
 * failed, and a won dispute, even one won by appeal after it was lost, stays won.
 */
export function mergeReturns(known: Returns, told: Returns): MergedReturns {
  const refunds = mergeById(known.refunds, told.refunds, REFUND_STATES);
  const disputes = mergeById(known.disputes, told.disputes, DISPUTE_STATES);
  if (!refunds.ok) return refunds;
  if (!disputes.ok) return disputes;
  const refundTotals = mergeTotals(known.refundTotals, told.refundTotals);
  return { ok: true, returns: { refunds: refunds.facts, refundTotals, disputes: disputes.facts } };
}

interface Fact<S> {
  readonly id: string;
  readonly paymentRef: string;
  readonly amountMinor: number;
  readonly state: S;
  readonly at: string;
}

function mergeById<S>(
  known: readonly Fact<S>[],
  told: readonly Fact<S>[],
  states: readonly S[],
): { readonly ok: true; readonly facts: Fact<S>[] } | Extract<MergedReturns, { ok: false }> {
  const facts = new Map(known.map((fact) => [fact.id, fact]));
  for (const fact of told) {
    const before = facts.get(fact.id);
    if (before && before.paymentRef !== fact.paymentRef) {
      const detail = `${fact.id} was of ${before.paymentRef} and is of ${fact.paymentRef}`;
      return { ok: false, reason: 'CONTRADICTING_PURCHASE', detail };
    }
    if (before && before.amountMinor !== fact.amountMinor) {
      const detail = `${fact.id} was of ${before.amountMinor} and is of ${fact.amountMinor}`;
      return { ok: false, reason: 'WRONG_AMOUNT', detail };
    }
    facts.set(fact.id, before ? laterOf(before, fact, states) : fact);
  }
  if (facts.size > RETURNS_MAX) {
    return { ok: false, reason: 'TOO_MANY_FACTS', detail: `more than ${RETURNS_MAX}` };
  }
  return { ok: true, facts: [...facts.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
}

function laterOf<S>(a: Fact<S>, b: Fact<S>, states: readonly S[]): Fact<S> {
  const further = states.indexOf(a.state) < states.indexOf(b.state) ? b : a;
  return { ...further, at: a.at < b.at ? a.at : b.at };
}

function mergeTotals(
  known: Returns['refundTotals'],
  told: Returns['refundTotals'],
): Returns['refundTotals'] {
  const totals = new Map(known.map((total) => [total.paymentRef, total.amountMinor]));
  for (const { paymentRef, amountMinor } of told) {
    totals.set(paymentRef, Math.max(amountMinor, totals.get(paymentRef) ?? 0));
  }
  return [...totals]
    .map(([paymentRef, amountMinor]) => ({ paymentRef, amountMinor }))
    .toSorted((a, b) => (a.paymentRef < b.paymentRef ? -1 : 1));
}
