import { invariant } from '#lib/invariant';
import {
  type EmailKind,
  type EmailRequest,
  lowSubjectId,
  subscriptionSubjectId,
} from '#lib/notifications/email-request';
import type { MailContent } from '#lib/notifications/mailer';
import { balanceLow } from '#lib/notifications/templates/balance-low';
import { creditsExpiring } from '#lib/notifications/templates/credits-expiring';
import { disputeNotice } from '#lib/notifications/templates/dispute-notice';
import { paymentFailed } from '#lib/notifications/templates/payment-failed';
import { purchaseReceipt } from '#lib/notifications/templates/purchase-receipt';
import { refundDone } from '#lib/notifications/templates/refund-done';
import {
  subscriptionChanged,
  subscriptionEnded,
  subscriptionEnding,
  type SubscriptionMail,
  subscriptionStarted,
} from '#lib/notifications/templates/subscription-news';
import { subscriptionPaymentFailed } from '#lib/notifications/templates/subscription-payment-failed';
import { topUpStopped } from '#lib/notifications/templates/top-up-stopped';
import type { WalletAlerts } from '#lib/alerts/wallet-alerts';
import type { Reader, RecordRef } from '#lib/ports';
import type { Purchase } from '#lib/purchases/purchase';
import { statusOf } from '#lib/purchases/purchase-status';
import { settingOf } from '#lib/settings/settings';
import type { TopUp } from '#lib/topups/top-up';

export interface MailKind {
  /** `user`: the address of the request's account. `finance`: the deployment's own. */
  readonly reader: 'user' | 'finance';
  /** What its content is made from. */
  readonly sources: (request: EmailRequest) => readonly RecordRef[];
  /** Null where it has stopped being so since it was asked for, and nobody is to be told any more. */
  readonly content: (subject: {
    readonly appName: string;
    readonly request: EmailRequest;
    readonly read: Reader;
  }) => MailContent | null;
}

/** What a mail about a purchase or a wallet is made from, as the table has it when the mail is sent. */
interface PurchaseSubject {
  readonly appName: string;
  readonly purchase: Purchase;
  readonly subjectId: string;
}
interface WalletSubject {
  readonly appName: string;
  readonly alerts: WalletAlerts;
  readonly subjectId: string;
}

export const mailKinds: Readonly<Record<EmailKind, MailKind>> = {
  purchase_receipt: aboutPurchase('user', purchaseReceipt),
  payment_failed: aboutPurchase('user', (subject) =>
    statusOf(subject.purchase) === 'failed' ? paymentFailed(subject) : null,
  ),
  refund_done: aboutPurchase('user', (subject) => {
    const refund = subject.purchase.refunds.find(({ id }) => id === subject.subjectId);
    invariant(refund, 'a refund that is told of is known');
    return refund.state === 'succeeded' ? refundDone({ ...subject, refund }) : null;
  }),
  // What became of the dispute meanwhile is part of the notice.
  dispute_inquiry: aboutPurchase('finance', contentOfDispute),
  dispute_notice: aboutPurchase('finance', contentOfDispute),
  balance_low: aboutWallet((subject) => {
    const { alerts, subjectId } = subject;
    return alerts.low && lowSubjectId(alerts) === subjectId ? balanceLow(subject) : null;
  }),
  credits_expiring: aboutWallet((subject) => {
    const { alerts, subjectId } = subject;
    const first = alerts.expiring.find(({ grantId }) => grantId === subjectId);
    if (!first) return null;
    const grants = alerts.expiring.filter(({ toldAt }) => toldAt === first.toldAt);
    return creditsExpiring({ ...subject, grants });
  }),
  topup_suspended: aboutTopUp('suspended'),
  topup_action_required: aboutTopUp('action_required'),
  subscription_started: aboutSubscription(({ mail }) =>
    mail.subscription.endedAt === null ? subscriptionStarted(mail) : null,
  ),
  subscription_changed: aboutSubscription(({ mail, request }) =>
    isStill(mail, request) ? subscriptionChanged(mail) : null,
  ),
  subscription_ending: aboutSubscription(({ mail, request }) =>
    mail.subscription.cancelAtPeriodEnd && isStill(mail, request) ? subscriptionEnding(mail) : null,
  ),
  subscription_ended: aboutSubscription(({ mail }) =>
    mail.subscription.endedAt === null ? null : subscriptionEnded(mail),
  ),
  subscription_payment_failed: aboutSubscription(({ graceDays, mail, request }) => {
    const { endedAt, failedInvoice: invoice } = mail.subscription;
    const isOwed = invoice?.invoiceId === request.subjectId && endedAt === null;
    return isOwed ? subscriptionPaymentFailed({ ...mail, invoice, graceDays }) : null;
  }),
};

function aboutPurchase(
  reader: MailKind['reader'],
  content: (subject: PurchaseSubject) => MailContent | null,
): MailKind {
  return {
    reader,
    sources: ({ about }) => [{ record: 'purchase', id: { purchaseId: about } }],
    content: ({ appName, request, read }) => {
      const purchase = read('purchase', { purchaseId: request.about })?.value;
      invariant(purchase?.userId === request.userId, 'an e-mail is about a purchase of its user');
      return content({ appName, purchase, subjectId: request.subjectId });
    },
  };
}

function aboutWallet(content: (subject: WalletSubject) => MailContent | null): MailKind {
  const walletOf = ({ userId, about }: EmailRequest) => ({ userId, creditType: about });
  return {
    reader: 'user',
    sources: (request) => [{ record: 'walletAlerts', id: walletOf(request) }],
    content: ({ appName, request, read }) => {
      const alerts = read('walletAlerts', walletOf(request))?.value;
      invariant(alerts, 'an e-mail about a wallet follows from its alerts');
      return content({ appName, alerts, subjectId: request.subjectId });
    },
  };
}

/** Nobody is told of a stop that its owner has ended meanwhile. */
function aboutTopUp(kind: NonNullable<TopUp['stop']>['kind']): MailKind {
  const walletOf = ({ userId, about }: EmailRequest) => ({ userId, creditType: about });
  return {
    reader: 'user',
    sources: (request) => [{ record: 'topUp', id: walletOf(request) }],
    content: ({ appName, request, read }) => {
      const topUp = read('topUp', walletOf(request))?.value;
      invariant(topUp, 'an e-mail about a top-up follows from it');
      const isStill = topUp.stop?.kind === kind && topUp.stop.purchaseId === request.subjectId;
      return isStill ? topUpStopped({ appName, topUp, kind }) : null;
    },
  };
}

const TIERS = { key: 'tiers' } as const;
const GRACE = { key: 'past_due_grace_days' } as const;

/** Nobody is told of a subscription that another one has followed since. */
function aboutSubscription(
  content: (subject: {
    readonly mail: SubscriptionMail;
    readonly request: EmailRequest;
    readonly graceDays: number;
  }) => MailContent | null,
): MailKind {
  return {
    reader: 'user',
    sources: ({ userId }) => [
      { record: 'subscription', id: { userId } },
      { record: 'setting', id: TIERS },
      { record: 'setting', id: GRACE },
    ],
    content: ({ appName, request, read }) => {
      const subscription = read('subscription', { userId: request.userId })?.value;
      invariant(subscription, 'an e-mail about a subscription follows from it');
      if (subscription.provider?.subscriptionId !== request.about) return null;
      const tiers = settingOf('tiers', read('setting', TIERS));
      const graceDays = settingOf('past_due_grace_days', read('setting', GRACE));
      return content({ mail: { appName, subscription, tiers }, request, graceDays });
    },
  };
}

/** Whether it is as it was when the mail was asked for. */
function isStill({ subscription }: SubscriptionMail, { kind, subjectId }: EmailRequest): boolean {
  return subscription.endedAt === null && subscriptionSubjectId(kind, subscription) === subjectId;
}

function contentOfDispute(subject: PurchaseSubject): MailContent {
  const dispute = subject.purchase.disputes.find(({ id }) => id === subject.subjectId);
  invariant(dispute, 'a dispute that is told of is known');
  return disputeNotice({ ...subject, dispute });
}
