import * as z from 'zod';
import { REPLAY_OUTCOMES } from '#lib/contract/replay-outcomes';
import { PAYMENT_PROVIDERS, QUARANTINE_REASONS } from '#lib/payments/payment-event';

/** One time that a person had the event applied again: who, when, and what came of it. */
const replay = z.object({
  at: z.string(),
  by: z.string(),
  /** Of the request: its repetition is answered with this. */
  cause: z.string(),
  outcome: z.enum(REPLAY_OUTCOMES),
  purchaseId: z.string().nullable(),
  entryId: z.string().nullable(),
  /** Why it changed nothing, in a sentence for an admin. */
  detail: z.string().nullable(),
});
export type EventReplay = z.infer<typeof replay>;

/** Money on its way back of a payment that nobody has told us of: no contradiction, and not to be forgotten either. */
const WAITS_FOR_PAYMENT = 'WAITS_FOR_PAYMENT';

/** A provider's event that we do not act on by ourselves, kept whole for a person (DESIGN 6). */
export const quarantinedEventSchema = z.object({
  provider: z.enum(PAYMENT_PROVIDERS),
  /** The provider's id, or a hash of the body where it names none. */
  eventId: z.string(),
  /** The provider's event type; null where the body does not say. */
  type: z.string().nullable(),
  reason: z.enum([...QUARANTINE_REASONS, WAITS_FOR_PAYMENT]),
  /** What contradicts what, in a sentence for an admin. */
  detail: z.string(),
  /** The provider's payment without which the event means nothing yet; only with the reason that says so. */
  waitsFor: z.string().optional(),
  /** As it was signed. */
  body: z.string(),
  /** When the receiver took the first delivery. */
  receivedAt: z.string(),
  lastSeenAt: z.string(),
  deliveries: z.int().min(1),
  /** Oldest first, the latest of them. */
  replays: z.array(replay).default([]),
});
export type QuarantinedEvent = z.infer<typeof quarantinedEventSchema>;
