import * as z from 'zod';

const deliverySchema = z.object({
  provider: z.literal('stripe'),
  /** When the receiver took it, ISO 8601 UTC. */
  received_at: z.iso.datetime(),
  /** As it was signed. */
  body: z.string(),
});

/** The message as a receiver writes it. */
export type DeliveryMessage = z.input<typeof deliverySchema>;

/** A verified webhook delivery on its way from a receiver to fulfillment. */
export interface ProviderDelivery {
  readonly provider: 'stripe';
  readonly receivedAt: string;
  readonly body: string;
}

/** Reads what a receiver queued. Anything else in that queue is a mistake of ours: it throws, and the message is kept. */
export function parseDelivery(message: string): ProviderDelivery {
  const { provider, received_at: receivedAt, body } = deliverySchema.parse(JSON.parse(message));
  return { provider, receivedAt, body };
}
