import * as z from 'zod';
import { EMAIL_KINDS } from '#lib/notifications/email-request';

const instant = z.string();

/**
 * What became of one e-mail. There is one record per kind and subject (a purchase, a refund), so its key is what keeps the
 * same mail from going out twice. The address is not in it: it belongs to the account.
 *
 * | state         | means                                                                  | comes again |
 * |---------------|------------------------------------------------------------------------|-------------|
 * | `sending`     | an attempt has claimed it and is on its way to SES, or has died there  | when the claim is too old to be alive |
 * | `waiting`     | the last attempt was turned away before the mail was accepted          | yes         |
 * | `sent`        | SES has it                                                             | no          |
 * | `rejected`    | SES does not deliver to this address                                   | no          |
 * | `skipped`     | nobody to send it to, or what it would say has stopped being so        | no          |
 * | `unconfirmed` | SES was asked and its answer was lost: it has probably been sent       | no          |
 */
export const emailRecordSchema = z.object({
  userId: z.string(),
  kind: z.enum(EMAIL_KINDS),
  subjectId: z.string(),
  state: z.enum(['sending', 'waiting', 'sent', 'rejected', 'skipped', 'unconfirmed']),
  /** When the newest attempt claimed it. */
  claimedAt: instant,
  attempts: z.int().min(0),
  /** SES's id of the accepted mail. */
  messageId: z.string().nullable(),
  /** Why it was not sent, where it was not. */
  reason: z.string().nullable(),
  updatedAt: instant,
});
export type EmailRecord = z.infer<typeof emailRecordSchema>;
