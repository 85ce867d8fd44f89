import * as z from 'zod';
import { PAYMENT_PROVIDERS, QUARANTINE_REASONS } from '#lib/payments/payment-event';

/** A provider's event that we do not act on by ourselves, kept whole for a person (DESIGN 6). */
export const quarantinedEventSchema = z.object({
  provider: z.enum(PAYMENT_PROVIDERS),
  /** The provider's id, or a hash of the body where it names none. */
  eventId: z.string(),
  /** The provider's event type; null where the body does not say. */
  type: z.string().nullable(),
  reason: z.enum(QUARANTINE_REASONS),
  /** What contradicts what, in a sentence for an admin. */
  detail: z.string(),
  /** As it was signed. */
  body: z.string(),
  /** When the receiver took the first delivery. */
  receivedAt: z.string(),
  lastSeenAt: z.string(),
  deliveries: z.int().min(1),
});
export type QuarantinedEvent = z.infer<typeof quarantinedEventSchema>;
