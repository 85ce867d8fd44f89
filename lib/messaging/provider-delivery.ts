import * as z from 'zod';

const deliverySchema = z.object({
  provider: z.enum(['stripe', 'razorpay']),
  /** When the receiver took it, ISO 8601 UTC. */
  received_at: z.iso.datetime(),
  /** Of a provider whose bodies do not name their event. */
  event_id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,255}$/)
    .optional(),
  /** As it was signed. */
  body: z.string(),
});

/** The message as a receiver writes it. */
export type DeliveryMessage = z.input<typeof deliverySchema>;

/** A verified webhook delivery on its way from a receiver to fulfillment. */
export interface ProviderDelivery {
  readonly provider: DeliveryMessage['provider'];
  readonly receivedAt: string;
  /** Null where the body itself names the event. */
  readonly eventId: string | null;
  readonly body: string;
}

/** Reads what a receiver queued. Anything else in that queue is a mistake of ours: it throws, and the message is kept. */
export function parseDelivery(message: string): ProviderDelivery {
  const { body, event_id, provider, received_at } = deliverySchema.parse(JSON.parse(message));
  return { provider, receivedAt: received_at, eventId: event_id ?? null, body };
}
