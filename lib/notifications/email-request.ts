import * as z from 'zod';
import type { TableChange } from '#lib/ports';
import { becamePaid } from '#lib/purchases/purchase-status';

export const EMAIL_KINDS = ['purchase_receipt'] as const;
export type EmailKind = (typeof EMAIL_KINDS)[number];

/**
 * That somebody is to be told something. It names what the mail is about and nothing of what it says: content and
 * address are looked up when it is sent, so a message cannot say anything, or reach anyone, that the table does not.
 */
export interface EmailRequest {
  readonly kind: EmailKind;
  readonly userId: string;
  readonly purchaseId: string;
}

const messageSchema = z.strictObject({
  kind: z.enum(EMAIL_KINDS),
  user_id: z.string(),
  purchase_id: z.string(),
});

/** What people are told about a change of the table. */
export function emailRequestsOf(change: TableChange): readonly EmailRequest[] {
  if (change.kind !== 'purchase_changed' || !becamePaid(change)) return [];
  const { id: purchaseId, userId } = change.after;
  return [{ kind: 'purchase_receipt', userId, purchaseId }];
}

/** The queue message of a request. */
export function toMessage({ kind, userId, purchaseId }: EmailRequest): string {
  return JSON.stringify({ kind, user_id: userId, purchase_id: purchaseId });
}

/** Reads a queue message. Anything else in that queue is a mistake of ours: it throws, and the message is kept. */
export function parseMessage(message: string): EmailRequest {
  const { kind, user_id, purchase_id } = messageSchema.parse(JSON.parse(message));
  return { kind, userId: user_id, purchaseId: purchase_id };
}
