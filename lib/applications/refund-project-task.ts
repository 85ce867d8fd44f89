import * as z from 'zod';

/** The refunds of a cancelled project, application by application in the order of users. */
export const refundProjectTaskSchema = z.object({
  kind: z.literal('refund_project'),
  projectId: z.string(),
  /** The user whose application was dealt with last; null before the first. */
  after: z.string().nullable(),
});
export type RefundProjectTask = Readonly<z.infer<typeof refundProjectTaskSchema>>;
