import type { MailContent } from '#lib/notifications/mailer';
import { layOut } from '#lib/notifications/templates/layout';
import {
  formatCount,
  formatCredits,
  formatInstant,
  moneyRows,
  transactionRows,
} from '#lib/notifications/templates/wording';
import type { Purchase } from '#lib/purchases/purchase';
import { paidAtOf, paidMinorOf } from '#lib/purchases/purchase-status';

/** The receipt of a purchase whose money has arrived: what was paid, what for, and where it stands in the ledger. */
export function purchaseReceipt(input: {
  readonly appName: string;
  readonly purchase: Purchase;
}): MailContent {
  const { appName, purchase } = input;
  const { currency } = purchase;
  const credits = formatCredits(purchase.credits);
  const paidAt = paidAtOf(purchase) ?? purchase.createdAt;
  return layOut({
    appName,
    subject: `Your receipt for ${credits}`,
    opening: [
      purchase.credited
        ? `Thank you for your purchase. ${credits} have been added to your balance.`
        : 'Thank you for your purchase. Your payment has arrived; your credits follow.',
    ],
    rows: [
      ['Package', purchase.packageName],
      ['Credits', formatCount(purchase.credits)],
      ['Credit type', purchase.creditType],
      ...moneyRows('Amount paid', { amountMinor: paidMinorOf(purchase), currency }),
      ['Date', formatInstant(paidAt)],
      ['Purchase', purchase.id],
      ...transactionRows(purchase.credited ? [purchase.credited.entryId] : []),
    ],
    closing: ['Please keep this e-mail for your records.'],
  });
}
