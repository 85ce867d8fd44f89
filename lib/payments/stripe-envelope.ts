import * as z from 'zod';
import type { QuarantineReason, Translation } from '#lib/payments/payment-event';
import { stripeId, unixSeconds } from '#lib/payments/stripe-objects';

/** What is around every object that an event of Stripe's tells of. */
export const envelopeSchema = z.object({
  id: stripeId,
  object: z.literal('event'),
  type: z.string().min(1).max(100),
  api_version: z.string().nullable().optional(),
  created: unixSeconds,
  livemode: z.boolean(),
  data: z.object({ object: z.looseObject({ livemode: z.boolean().optional() }) }),
});
export type Envelope = z.infer<typeof envelopeSchema>;
export type Read = (event: Envelope) => Translation;

/** Reads the object that its schema knows; any other is for a person. */
export function reader<T>(
  schema: z.ZodType<T>,
  translate: (event: Envelope, object: T) => Translation,
): Read {
  return (event) => {
    const parsed = schema.safeParse(event.data.object);
    return parsed.success
      ? translate(event, parsed.data)
      : quarantine(event, 'MALFORMED_EVENT', z.prettifyError(parsed.error));
  };
}

export function ignored(event: Envelope): Translation {
  return { kind: 'ignored', eventId: event.id, type: event.type };
}

export function quarantine(event: Envelope, reason: QuarantineReason, detail: string): Translation {
  return { kind: 'quarantine', reason, eventId: event.id, type: event.type, detail };
}

export function unknownStatus(event: Envelope, status: string | null): Translation {
  return quarantine(event, 'UNKNOWN_STATUS', `status is ${status ?? 'absent'}`);
}

export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
