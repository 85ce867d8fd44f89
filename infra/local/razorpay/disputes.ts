import { badRequest } from '#infra/local/razorpay/errors';
import { type Account, unixSeconds } from '#infra/local/razorpay/event-log';
import { newId } from '#infra/local/razorpay/ids';
import { findPayment } from '#infra/local/razorpay/payments';
import type { Dispute, Payment } from '#infra/local/razorpay/records';

/** What can happen to a disputed payment; each step is an event `payment.dispute.<step>`. */
export const DISPUTE_STEPS = [
  'created',
  'action_required',
  'under_review',
  'won',
  'lost',
  'closed',
] as const;
export type DisputeStep = (typeof DISPUTE_STEPS)[number];

const RESPOND_WITHIN_S = 7 * 24 * 60 * 60;
/** A dispute that was won can come again, harder each time. */
const PHASES = ['chargeback', 'pre_arbitration', 'arbitration'] as const;

/**
 * Takes a payment's dispute one step on; `created` opens one. Throws `RazorpayApiError` when there is
 * none to go on with, or one is open already.
 */
export function stepDispute(
  account: Account,
  act: {
    readonly paymentId: string;
    readonly step: DisputeStep;
    /** For `created`: what the customer disputes; all that was not refunded when not given. */
    readonly amount?: number | undefined;
  },
): Dispute {
  const { records, recordEvent } = account;
  return records.transaction(() => {
    const payment = findPayment(account, act.paymentId);
    const earlier = records.disputes.list().filter((dispute) => dispute.payment === payment.id);
    const dispute =
      act.step === 'created'
        ? openDispute(account, { payment, earlier, amount: act.amount })
        : advance(account, { dispute: earlier.at(-1), step: act.step });
    records.disputes.put(dispute.id, dispute);
    recordEvent({ type: `payment.dispute.${act.step}`, payment, dispute });
    return dispute;
  });
}

function openDispute(
  account: Account,
  act: {
    readonly payment: Payment;
    readonly earlier: readonly Dispute[];
    readonly amount: number | undefined;
  },
): Dispute {
  const { payment, earlier } = act;
  if (!payment.captured) throw badRequest('Only a captured payment can be disputed.');
  if (earlier.some(isOpen)) throw badRequest('This payment has an open dispute already.');
  const left = payment.amount - payment.amount_refunded;
  const amount = act.amount ?? (left > 0 ? left : payment.amount);
  if (!Number.isSafeInteger(amount) || amount < 1 || amount > payment.amount) {
    throw badRequest('The disputed amount is between 1 and that of the payment.');
  }
  const created = unixSeconds(account.clock.now());
  return {
    id: newId('dispute'),
    payment: payment.id,
    created,
    amount,
    currency: payment.currency,
    amount_deducted: 0,
    reason_code: 'goods_or_services_not_received_or_partially_received',
    respond_by: created + RESPOND_WITHIN_S,
    status: 'open',
    phase: PHASES[Math.min(earlier.length, PHASES.length - 1)] ?? 'arbitration',
    contested: null,
  };
}

function advance(
  account: Account,
  act: {
    readonly dispute: Dispute | undefined;
    readonly step: Exclude<DisputeStep, 'created'>;
  },
): Dispute {
  const { dispute, step } = act;
  if (dispute === undefined || !isOpen(dispute)) {
    throw badRequest('This payment has no open dispute.');
  }
  switch (step) {
    case 'action_required':
      return { ...dispute, status: 'open' };
    case 'under_review':
      return {
        ...dispute,
        status: 'under_review',
        contested: {
          summary: 'The credits were delivered.',
          at: unixSeconds(account.clock.now()),
        },
      };
    case 'lost':
      return { ...dispute, status: 'lost', amount_deducted: dispute.amount };
    case 'won':
    case 'closed':
      return { ...dispute, status: step };
  }
}

function isOpen(dispute: Dispute): boolean {
  return dispute.status === 'open' || dispute.status === 'under_review';
}
