import * as z from 'zod';

import type { DeliverySwitches } from '#infra/local/providers/webhook-deliveries';

const DELIVERIES_MAX = 50;

/** How a provider's webhooks misbehave from now on. */
export const switchesSchema = z.strictObject({
  duplicate: z.int().min(1).max(DELIVERIES_MAX).optional(),
  reorder: z.boolean().optional(),
  delay_ms: z.int().min(0).optional(),
  hold: z.boolean().optional(),
});

/** Sending an event again. */
export const deliverSchema = z.strictObject({
  times: z.int().min(1).max(DELIVERIES_MAX).default(1),
});

export function toSwitches(change: z.output<typeof switchesSchema>): Partial<DeliverySwitches> {
  const { delay_ms: delayMs, duplicate, hold, reorder } = change;
  return {
    ...(delayMs !== undefined && { delayMs }),
    ...(duplicate !== undefined && { duplicate }),
    ...(hold !== undefined && { hold }),
    ...(reorder !== undefined && { reorder }),
  };
}

/** The switches as the control API names them, to be read and sent back. */
export function toWire(switches: DeliverySwitches): z.output<typeof switchesSchema> {
  const { delayMs: delay_ms, duplicate, hold, reorder } = switches;
  return { duplicate, reorder, delay_ms, hold };
}
