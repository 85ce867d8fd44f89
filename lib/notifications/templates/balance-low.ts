import type { WalletAlerts } from '#lib/alerts/wallet-alerts';
import type { MailContent } from '#lib/notifications/mailer';
import { layOut } from '#lib/notifications/templates/layout';
import { formatCount, formatCredits } from '#lib/notifications/templates/wording';

/** That a wallet has fallen below its threshold, while there is still time to buy. */
export function balanceLow(input: {
  readonly appName: string;
  readonly alerts: WalletAlerts;
}): MailContent {
  const { appName, alerts } = input;
  const { creditType, available, limit } = alerts;
  return layOut({
    appName,
    subject: `Your balance is low: ${formatCredits(available)} left`,
    opening: [
      `Less than ${formatCredits(limit)} are left to spend. You will not get this mail again before your balance has been above that.`,
    ],
    rows: [
      ['Credit type', creditType],
      ['Available', formatCount(available)],
      ['Told below', formatCount(limit)],
    ],
    closing: ['You can buy credits whenever you like, and change when you are told.'],
  });
}
