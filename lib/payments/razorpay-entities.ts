import * as z from 'zod';

/** Razorpay's objects, as far as we read them: alike in its answers and in its events. */

/** Letters, digits and underscores; the table's keys hold no others. */
const razorpayId = z.string().regex(/^[A-Za-z0-9_-]{1,255}$/);
const amount = z.int().min(0);
const currency = z.string().regex(/^[A-Z]{3}$/);
const unixSeconds = z.int().min(0).max(253_402_300_799);
/** Some of its samples say "1" where others say true. */
const flag = z
  .union([z.boolean(), z.literal(['0', '1', 0, 1])])
  .transform((value) => value === true || value === '1' || value === 1);
/** An empty list where there are none. */
const notes = z
  .union([z.array(z.unknown()).max(0), z.record(z.string(), z.unknown())])
  .nullable()
  .optional();

export const razorpayOrder = z.object({
  id: razorpayId,
  entity: z.literal('order'),
  amount,
  currency,
  receipt: z.string().nullable(),
  status: z.string(),
  notes,
  created_at: unixSeconds,
});
export type RazorpayOrder = z.output<typeof razorpayOrder>;

export const razorpayPayment = z.object({
  id: razorpayId,
  entity: z.literal('payment'),
  amount,
  currency,
  status: z.string(),
  /** Null for a payment that was made without one: a payment link, a dashboard. */
  order_id: razorpayId.nullable(),
  captured: flag,
  /** Why it was declined. Whatever else comes there is no reason to lose the payment. */
  error_reason: z.string().max(100).nullable().catch(null),
  notes,
  created_at: unixSeconds,
});
export type RazorpayPayment = z.output<typeof razorpayPayment>;

/**
 * Whether the payment's money is in our account. The flag alone does not say it: Razorpay's samples of authorized and
 * even of failed card payments have it set.
 */
export function isOurs({ captured, status }: RazorpayPayment): boolean {
  return captured && (status === 'captured' || status === 'refunded');
}

export const razorpayRefund = z.object({
  id: razorpayId,
  entity: z.literal('refund'),
  amount,
  currency,
  payment_id: razorpayId,
  status: z.string(),
  /** What our own call named it; whatever else comes there is somebody else's. */
  receipt: z.string().nullable().catch(null),
  notes,
  created_at: unixSeconds,
});
export type RazorpayRefund = z.output<typeof razorpayRefund>;

export const razorpayDispute = z.object({
  id: razorpayId,
  entity: z.literal('dispute'),
  payment_id: razorpayId,
  amount,
  currency,
  amount_deducted: amount,
  status: z.string(),
  phase: z.string(),
  created_at: unixSeconds,
});
export type RazorpayDispute = z.output<typeof razorpayDispute>;

export function razorpayCollection<S extends z.ZodType>(item: S) {
  return z.object({ entity: z.literal('collection'), items: z.array(item) });
}

export function razorpayTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
