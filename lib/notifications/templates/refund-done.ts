import type { MailContent } from '#lib/notifications/mailer';
import { layOut } from '#lib/notifications/templates/layout';
import {
  formatCount,
  formatCredits,
  formatInstant,
  moneyRows,
  transactionRows,
} from '#lib/notifications/templates/wording';
import { formatMoney } from '#lib/purchases/money-format';
import type { Purchase } from '#lib/purchases/purchase';
import { takenBackBy } from '#lib/purchases/taken-back';

/** That one refund has been made: the money, and the credits that it took back. */
export function refundDone(input: {
  readonly appName: string;
  readonly purchase: Purchase;
  readonly refund: Purchase['refunds'][number];
}): MailContent {
  const { appName, purchase, refund } = input;
  const money = { amountMinor: refund.amountMinor, currency: purchase.currency };
  const taken = takenBackBy(purchase, refund.id);
  const credits =
    taken.credits === 0
      ? 'No credits have been taken back for it.'
      : `${formatCredits(taken.credits)} of that purchase ${taken.credits === 1 ? 'has' : 'have'} been taken back.`;
  return layOut({
    appName,
    subject: `Your refund of ${formatMoney(money)}`,
    opening: [`We have refunded ${formatMoney(money)} of your purchase. ${credits}`],
    rows: [
      ['Package', purchase.packageName],
      ...moneyRows('Refunded', money),
      ['Credits taken back', formatCount(taken.credits)],
      ['Credit type', purchase.creditType],
      ['Date', formatInstant(refund.at)],
      ['Refund', refund.id],
      ['Purchase', purchase.id],
      ...transactionRows(taken.entryIds),
    ],
    closing: ['Your bank may need some days to show the money.'],
  });
}
