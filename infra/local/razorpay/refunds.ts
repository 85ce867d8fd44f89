import { badRequest, missing, refused } from '#infra/local/razorpay/errors';
import { type Account, unixSeconds } from '#infra/local/razorpay/event-log';
import { newId } from '#infra/local/razorpay/ids';
import type { Payment, Refund } from '#infra/local/razorpay/records';

/** How refunds end: processed at once, unless a person wants to see them fail or take their time. */
export interface RefundCourse {
  readonly settlesAs: 'processed' | 'failed';
  /** On the stack's clock; at once when not given. */
  readonly afterMs?: number | undefined;
}

/** What an app or the dashboard asks for; the whole rest when no amount is given. */
export interface RefundRequest {
  readonly paymentId: string;
  readonly amount?: number | undefined;
  readonly receipt?: string | undefined;
  readonly notes?: Refund['notes'] | undefined;
  readonly speed?: Refund['speed'] | undefined;
}

const REFUND_MIN = 100;

/** Gives money of a captured payment back, in part or in whole, never more than was taken. */
export function createRefund(
  account: Account,
  request: RefundRequest,
  course: RefundCourse,
): Refund {
  const { records } = account;
  const payment = records.payments.get(request.paymentId);
  if (payment === undefined) throw missing();
  const left = payment.amount - payment.amount_refunded;
  const amount = request.amount ?? left;
  if (payment.captured && left === 0) throw refused('The payment has been fully refunded already');
  if (payment.status !== 'captured') {
    throw refused('The payment status should be captured for action to be taken');
  }
  if (amount < REFUND_MIN) {
    throw badRequest('The amount must be at least INR 1.00', { field: 'amount' });
  }
  if (amount > left) {
    throw refused(
      amount > payment.amount
        ? 'The refund amount provided is greater than amount captured'
        : 'The total refund amount is greater than the refund payment amount',
    );
  }
  const refund = openRefund(account, { payment, amount, request, course });
  if (course.afterMs === undefined) return settleRefund(account, refund.id);
  records.timers.put(`refund:${refund.id}`, {
    what: 'settle refund',
    of: refund.id,
    due_ms: account.clock.now().getTime() + course.afterMs,
  });
  return refund;
}

/** Gives back what nobody captured: the payment keeps `captured: false`, as a sign of it. */
export function refundUncaptured(account: Account, payment: Payment): Refund {
  const refund = openRefund(account, {
    payment,
    amount: payment.amount,
    request: { paymentId: payment.id },
    course: { settlesAs: 'processed' },
  });
  return settleRefund(account, refund.id);
}

/** The bank has answered: the customer has the money, or the app has it back. */
export function settleRefund(account: Account, id: string): Refund {
  const { records, recordEvent } = account;
  records.timers.delete(`refund:${id}`);
  const refund = records.refunds.get(id);
  const payment = records.payments.get(refund?.payment ?? '');
  if (refund === undefined || payment === undefined) throw missing();
  if (refund.status !== 'pending' && refund.settles_as === 'processed') {
    recordEvent({ type: 'refund.processed', refund, payment });
    return refund;
  }
  const settled: Refund = { ...refund, status: refund.settles_as };
  records.refunds.put(id, settled);
  if (refund.settles_as === 'processed') {
    recordEvent({ type: 'refund.processed', refund: settled, payment });
    return settled;
  }
  const amountRefunded = payment.amount_refunded - refund.amount;
  const restored: Payment = {
    ...payment,
    amount_refunded: amountRefunded,
    status: payment.captured ? 'captured' : payment.status,
  };
  records.payments.put(payment.id, restored);
  recordEvent({ type: 'refund.failed', refund: settled, payment: restored });
  return settled;
}

function openRefund(
  account: Account,
  act: {
    readonly payment: Payment;
    readonly amount: number;
    readonly request: RefundRequest;
    readonly course: RefundCourse;
  },
): Refund {
  const { clock, records, recordEvent } = account;
  const { payment, amount, request, course } = act;
  const refund: Refund = {
    id: newId('refund'),
    payment: payment.id,
    created: unixSeconds(clock.now()),
    amount,
    currency: payment.currency,
    receipt: request.receipt ?? null,
    notes: request.notes ?? {},
    // As the real one does in test mode: what will be processed at once is so from its first event.
    status:
      course.settlesAs === 'processed' && course.afterMs === undefined ? 'processed' : 'pending',
    speed: request.speed ?? 'normal',
    settles_as: course.settlesAs,
  };
  const amountRefunded = payment.amount_refunded + amount;
  const refunded: Payment = {
    ...payment,
    amount_refunded: amountRefunded,
    status: amountRefunded === payment.amount ? 'refunded' : payment.status,
  };
  records.refunds.put(refund.id, refund);
  records.payments.put(payment.id, refunded);
  recordEvent({ type: 'refund.created', refund, payment: refunded });
  return refund;
}
