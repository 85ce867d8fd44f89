import * as z from 'zod';
import { PAYMENT_PROVIDERS } from '#lib/payments/payment-event';

/** A comparison that somebody asked for: one provider after the other, each from its beginning. */
export const reconciliationTaskSchema = z.object({
  kind: z.literal('reconciliation'),
  /** Those that are left. */
  providers: z.array(z.enum(PAYMENT_PROVIDERS)),
});
export type ReconciliationTask = Readonly<z.infer<typeof reconciliationTaskSchema>>;
