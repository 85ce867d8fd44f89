import type { MailContent } from '#lib/notifications/mailer';
import { layOut } from '#lib/notifications/templates/layout';
import {
  formatCount,
  formatCredits,
  formatInstant,
  moneyRows,
} from '#lib/notifications/templates/wording';
import { formatMoney } from '#lib/purchases/money-format';
import type { Purchase } from '#lib/purchases/purchase';

/** That a payment came to nothing, for somebody who may have left the page believing that it went well. */
export function paymentFailed(input: {
  readonly appName: string;
  readonly purchase: Purchase;
}): MailContent {
  const { appName, purchase } = input;
  const credits = formatCredits(purchase.credits);
  const failed = purchase.outcomes.find(({ kind }) => kind === 'failed') ?? purchase.lastDecline;
  return layOut({
    appName,
    subject: `Your payment for ${credits} failed`,
    opening: [
      `Your payment of ${formatMoney(purchase)} did not go through. No credits have been added to your balance, and nothing is owed for this purchase.`,
    ],
    rows: [
      ['Package', purchase.packageName],
      ['Credits', formatCount(purchase.credits)],
      ['Credit type', purchase.creditType],
      ...moneyRows('Amount', purchase),
      ['Date', formatInstant(failed?.at ?? purchase.createdAt)],
      ['Purchase', purchase.id],
    ],
    closing: ['You can buy the credits again whenever you like, with another way to pay.'],
  });
}
