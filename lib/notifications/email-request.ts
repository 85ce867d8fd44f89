import * as z from 'zod';
import type { TableChange } from '#lib/ports';
import type { Purchase } from '#lib/purchases/purchase';
import { statusOf } from '#lib/purchases/purchase-status';

export const EMAIL_KINDS = [
  'purchase_receipt',
  'payment_failed',
  'refund_done',
  'dispute_inquiry',
  'dispute_notice',
] as const;
export type EmailKind = (typeof EMAIL_KINDS)[number];

/**
 * That somebody is to be told something. It names what the mail is about and nothing of what it says: content and
 * address are looked up when it is sent, so a message cannot say anything, or reach anyone, that the table does not.
 */
export interface EmailRequest {
  readonly kind: EmailKind;
  readonly userId: string;
  readonly purchaseId: string;
  /** What it is sent once for: the purchase itself, or the provider's id of a refund or dispute. */
  readonly subjectId: string;
}

const messageSchema = z.strictObject({
  kind: z.enum(EMAIL_KINDS),
  user_id: z.string(),
  purchase_id: z.string(),
  subject_id: z.string(),
});

/** What people are told about a change of the table: what is to be told of its new state and was not of the old one. */
export function emailRequestsOf(change: TableChange): readonly EmailRequest[] {
  if (change.kind !== 'purchase_changed') return [];
  const { before, after } = change;
  const told = new Set(before ? requestsOf(before).map(toMessage) : []);
  return requestsOf(after).filter((request) => !told.has(toMessage(request)));
}

/** Everything that is to be told about a purchase as it is. */
function requestsOf(purchase: Purchase): readonly EmailRequest[] {
  const about = { userId: purchase.userId, purchaseId: purchase.id };
  const ofPurchase = (kind: EmailKind): EmailRequest => ({
    kind,
    ...about,
    subjectId: purchase.id,
  });
  // A declined card is the page's to tell, which takes another one; this is told once nothing can come any more.
  if (statusOf(purchase) === 'failed') return [ofPurchase('payment_failed')];
  // A refund or dispute that we hear of before its payment is told when that has come.
  if (purchase.payments.length === 0) return [];
  const refunds = purchase.refunds.filter(({ state }) => state === 'succeeded');
  return [
    ofPurchase('purchase_receipt'),
    ...refunds.map(({ id }) => ({ kind: 'refund_done', ...about, subjectId: id }) as const),
    ...purchase.disputes.flatMap(({ id, state }) => {
      const kind = DISPUTE_KINDS[state];
      return kind === null ? [] : [{ kind, ...about, subjectId: id }];
    }),
  ];
}

/** An inquiry that becomes a dispute is told again: the money is gone now, and another deadline runs. */
const DISPUTE_KINDS = {
  inquiry: 'dispute_inquiry',
  open: 'dispute_notice',
  lost: 'dispute_notice',
  // There is nothing left to do about it.
  won: null,
} as const satisfies Record<Purchase['disputes'][number]['state'], EmailKind | null>;

/** The queue message of a request. */
export function toMessage({ kind, userId, purchaseId, subjectId }: EmailRequest): string {
  return JSON.stringify({
    kind,
    user_id: userId,
    purchase_id: purchaseId,
    subject_id: subjectId,
  });
}

/** Reads a queue message. Anything else in that queue is a mistake of ours: it throws, and the message is kept. */
export function parseMessage(message: string): EmailRequest {
  const { kind, user_id, purchase_id, subject_id } = messageSchema.parse(JSON.parse(message));
  return { kind, userId: user_id, purchaseId: purchase_id, subjectId: subject_id };
}
