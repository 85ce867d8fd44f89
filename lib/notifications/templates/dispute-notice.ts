import type { MailContent } from '#lib/notifications/mailer';
import { layOut } from '#lib/notifications/templates/layout';
import {
  formatCount,
  formatInstant,
  moneyRows,
  transactionRows,
} from '#lib/notifications/templates/wording';
import { formatMoney } from '#lib/purchases/money-format';
import type { Purchase } from '#lib/purchases/purchase';
import { takenBackBy } from '#lib/purchases/taken-back';

type Dispute = Purchase['disputes'][number];

/** For the people who answer disputes: which payment, how much, and what it did to the ledger. */
export function disputeNotice(input: {
  readonly appName: string;
  readonly purchase: Purchase;
  readonly dispute: Dispute;
}): MailContent {
  const { appName, purchase, dispute } = input;
  const money = { amountMinor: dispute.amountMinor, currency: purchase.currency };
  const provider = PROVIDERS[purchase.provider];
  const taken = takenBackBy(purchase, dispute.id);
  return layOut({
    appName,
    subject: `${SUBJECTS[dispute.state]}: ${formatMoney(money)}, ${purchase.id}`,
    opening: [`A payment of ${appName} is disputed at ${provider}. ${MEANINGS[dispute.state]}`],
    rows: [
      ...moneyRows('Disputed', money),
      ['Status', dispute.state],
      ['Since', formatInstant(dispute.at)],
      ['Provider', provider],
      ['Dispute', dispute.id],
      ['Payment', dispute.paymentRef],
      ['Purchase', purchase.id],
      ['User', purchase.userId],
      ['Package', purchase.packageName],
      ['Credits taken back', formatCount(taken.credits)],
      ['Credit type', purchase.creditType],
      ...transactionRows(taken.entryIds),
    ],
    closing: [
      `Evidence and deadline are in the dashboard of ${provider}; the ledger follows what is decided there.`,
    ],
  });
}

const SUBJECTS: Readonly<Record<Dispute['state'], string>> = {
  inquiry: 'Payment inquiry',
  open: 'Payment disputed',
  lost: 'Dispute lost',
  won: 'Dispute won',
};

const MEANINGS: Readonly<Record<Dispute['state'], string>> = {
  inquiry:
    'It is an inquiry so far: no money has been withdrawn and no credits have been taken back.',
  open: 'The money is withdrawn until it is decided, and so are the credits.',
  lost: 'It is lost: the money is gone, and so are the credits.',
  won: 'It has been won since: the money is back, and so are the credits.',
};

const PROVIDERS: Readonly<Record<Purchase['provider'], string>> = {
  stripe: 'Stripe',
  razorpay: 'Razorpay',
};
