import type { MailContent } from '#lib/notifications/mailer';
import { layOut } from '#lib/notifications/templates/layout';
import { formatInstant } from '#lib/notifications/templates/wording';
import { formatMoney } from '#lib/purchases/money-format';
import {
  type FailedInvoice,
  graceEndsAt,
  type Subscription,
} from '#lib/subscriptions/subscription';

/** That a renewal could not be paid, while there is time to do something about it. */
export function subscriptionPaymentFailed(mail: {
  readonly appName: string;
  readonly subscription: Subscription;
  readonly invoice: FailedInvoice;
  readonly graceDays: number;
}): MailContent {
  const { appName, graceDays, invoice, subscription } = mail;
  const { pastDueSince, tier } = subscription;
  const amount = formatMoney(invoice);
  const until = formatInstant(graceEndsAt(pastDueSince ?? invoice.at, graceDays));
  const next = invoice.nextAttemptAt;
  return layOut({
    appName,
    subject: `The payment for your ${tier} plan failed`,
    opening: [
      `We could not take the ${amount} for the next month of your ${tier} plan. Your limits stay as they are until ${until}. After that those of FREE hold, until the payment has come in.`,
    ],
    rows: [
      ['Plan', tier],
      ['Amount', amount],
      ['Failed', formatInstant(invoice.at)],
      ['Next try', next === null ? 'none' : formatInstant(next)],
      ['Grace until', until],
      ['Invoice', invoice.invoiceId],
    ],
    closing: [
      'Please see that your card is valid and covered, or pay with another one. This is the only mail about this invoice.',
    ],
  });
}
