import type { ExpiringGrant, WalletAlerts } from '#lib/alerts/wallet-alerts';
import type { MailContent } from '#lib/notifications/mailer';
import { layOut } from '#lib/notifications/templates/layout';
import {
  formatCount,
  formatCredits,
  formatInstant,
  type MailRow,
} from '#lib/notifications/templates/wording';

/** That credits expire soon, grant by grant. */
export function creditsExpiring(input: {
  readonly appName: string;
  readonly alerts: WalletAlerts;
  readonly grants: readonly ExpiringGrant[];
}): MailContent {
  const { appName, alerts, grants } = input;
  const amount = grants.reduce((sum, grant) => sum + grant.amount, 0);
  return layOut({
    appName,
    subject: `${formatCredits(amount)} of yours expire soon`,
    opening: ['These credits leave your balance when their time is up. Spend them before.'],
    rows: [
      ['Credit type', alerts.creditType],
      ...grants
        .toSorted((a, b) => (a.expiresAt < b.expiresAt ? -1 : 1))
        .map((grant): MailRow => [formatInstant(grant.expiresAt), formatCount(grant.amount)]),
    ],
    closing: ['Credits that expire first are spent first: you need not choose.'],
  });
}
