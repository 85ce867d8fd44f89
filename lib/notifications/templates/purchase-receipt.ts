import type { MailContent } from '#lib/notifications/mailer';
import { layOut } from '#lib/notifications/templates/layout';
import { formatMoney } from '#lib/purchases/money-format';
import type { Purchase } from '#lib/purchases/purchase';
import { paidAtOf, paidMinorOf } from '#lib/purchases/purchase-status';

/** The receipt of a purchase whose money has arrived: what was paid, what for, and where it stands in the ledger. */
export function purchaseReceipt(input: {
  readonly appName: string;
  readonly purchase: Purchase;
}): MailContent {
  const { appName, purchase } = input;
  const credits = `${formatCount(purchase.credits)} ${purchase.credits === 1 ? 'credit' : 'credits'}`;
  const paid = formatMoney({ amountMinor: paidMinorOf(purchase), currency: purchase.currency });
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
      ['Amount paid', paid],
      ['Date', formatInstant(paidAt)],
      ['Purchase', purchase.id],
      ...(purchase.credited ? [['Transaction', purchase.credited.entryId] as const] : []),
    ],
    closing: ['Please keep this e-mail for your records.'],
  });
}

function formatCount(count: number): string {
  return count.toLocaleString('en');
}

/** In UTC and saying so: we do not know where the reader is. */
function formatInstant(instant: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'UTC',
  });
  return `${format.format(new Date(instant))} UTC`;
}
