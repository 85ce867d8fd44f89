import type { Account } from '#infra/local/razorpay/event-log';
import { findPayment, givePaymentBack, settlePayment } from '#infra/local/razorpay/payments';
import type { Timer } from '#infra/local/razorpay/records';
import { settleRefund } from '#infra/local/razorpay/refunds';

/** Does what the clock has brought: slow payments and refunds, and money that nobody captured. */
export function sweep(account: Account): void {
  const { clock, records } = account;
  const nowMs = clock.now().getTime();
  for (const timer of records.timers.list()) {
    if (timer.due_ms <= nowMs) records.transaction(() => ring(account, timer));
  }
}

/** When the next of it is due, in milliseconds of the stack's clock. */
export function nextDueMs({ records }: Account): number | undefined {
  return records.timers
    .list()
    .map((timer) => timer.due_ms)
    .reduce<number | undefined>((first, due) => Math.min(first ?? due, due), undefined);
}

function ring(account: Account, timer: Timer): void {
  switch (timer.what) {
    case 'settle payment': {
      const payment = findPayment(account, timer.of);
      settlePayment(account, { payment, succeeds: payment.settles_as === 'captured' });
      return;
    }
    case 'give payment back':
      givePaymentBack(account, timer.of);
      return;
    case 'settle refund':
      settleRefund(account, timer.of);
  }
}
