import { invariant } from '#lib/invariant';
import type { EmailKind } from '#lib/notifications/email-request';
import type { MailContent } from '#lib/notifications/mailer';
import { disputeNotice } from '#lib/notifications/templates/dispute-notice';
import { paymentFailed } from '#lib/notifications/templates/payment-failed';
import { purchaseReceipt } from '#lib/notifications/templates/purchase-receipt';
import { refundDone } from '#lib/notifications/templates/refund-done';
import type { Purchase } from '#lib/purchases/purchase';
import { statusOf } from '#lib/purchases/purchase-status';

/** What a mail is made from, as the table has it when the mail is sent. */
export interface MailSubject {
  readonly appName: string;
  readonly purchase: Purchase;
  readonly subjectId: string;
}

export interface MailKind {
  /** `buyer`: the address of the purchase's account. `finance`: the deployment's own. */
  readonly reader: 'buyer' | 'finance';
  /** Null where it has stopped being so since it was asked for, and nobody is to be told any more. */
  readonly content: (subject: MailSubject) => MailContent | null;
}

export const mailKinds: Readonly<Record<EmailKind, MailKind>> = {
  purchase_receipt: { reader: 'buyer', content: purchaseReceipt },
  payment_failed: {
    reader: 'buyer',
    content: (subject) => (statusOf(subject.purchase) === 'failed' ? paymentFailed(subject) : null),
  },
  refund_done: {
    reader: 'buyer',
    content: (subject) => {
      const refund = subject.purchase.refunds.find(({ id }) => id === subject.subjectId);
      invariant(refund, 'a refund that is told of is known');
      return refund.state === 'succeeded' ? refundDone({ ...subject, refund }) : null;
    },
  },
  // What became of the dispute meanwhile is part of the notice.
  dispute_inquiry: { reader: 'finance', content: contentOfDispute },
  dispute_notice: { reader: 'finance', content: contentOfDispute },
};

function contentOfDispute(subject: MailSubject): MailContent {
  const dispute = subject.purchase.disputes.find(({ id }) => id === subject.subjectId);
  invariant(dispute, 'a dispute that is told of is known');
  return disputeNotice({ ...subject, dispute });
}
