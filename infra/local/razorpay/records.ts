import * as z from 'zod';

import { type Delivery, deliverySchema } from '#infra/local/providers/webhook-deliveries';
import type { Collection, StateStore } from '#infra/local/state';

/*
 * What the stand-in remembers: facts only. The entities that Razorpay's API shows are rendered from
 * them (entities.ts). Times are whole seconds since 1970 as in Razorpay's API, unless the name ends
 * in `_ms`; amounts are in the currency's smallest unit.
 */

/** The ways to pay that the hosted page offers. */
export const METHODS = ['card', 'upi', 'netbanking'] as const;
export type Method = (typeof METHODS)[number];

const notesSchema = z.record(z.string(), z.union([z.string(), z.number()]));

const orderSchema = z.object({
  id: z.string(),
  /** The key of the app that made it: Checkout signs with this key's secret. */
  key_id: z.string(),
  created: z.number(),
  amount: z.number(),
  currency: z.string(),
  receipt: z.string().nullable(),
  notes: notesSchema,
  /** Whether authorized payments are captured without being asked, as accounts usually have it. */
  capture: z.enum(['automatic', 'manual']),
  status: z.enum(['created', 'attempted', 'paid']),
  attempts: z.number(),
});

const paymentSchema = z.object({
  id: z.string(),
  order: z.string(),
  created: z.number(),
  amount: z.number(),
  currency: z.string(),
  method: z.enum(METHODS),
  status: z.enum(['created', 'authorized', 'captured', 'refunded', 'failed']),
  captured: z.boolean(),
  amount_refunded: z.number(),
  card_id: z.string().nullable(),
  /** The bank's own number for the payment, once there is one. */
  bank_reference: z.string().nullable(),
  email: z.string(),
  contact: z.string(),
  /** A payment that is still under way will fail, or be captured, when its time has come. */
  settles_as: z.enum(['captured', 'failed']).nullable(),
});

const refundSchema = z.object({
  id: z.string(),
  payment: z.string(),
  created: z.number(),
  amount: z.number(),
  currency: z.string(),
  receipt: z.string().nullable(),
  notes: notesSchema,
  status: z.enum(['pending', 'processed', 'failed']),
  speed: z.enum(['normal', 'optimum']),
  settles_as: z.enum(['processed', 'failed']),
});

const disputeSchema = z.object({
  id: z.string(),
  payment: z.string(),
  created: z.number(),
  amount: z.number(),
  currency: z.string(),
  amount_deducted: z.number(),
  reason_code: z.string(),
  respond_by: z.number(),
  status: z.enum(['open', 'under_review', 'won', 'lost', 'closed']),
  phase: z.enum(['chargeback', 'pre_arbitration', 'arbitration']),
  contested: z.object({ summary: z.string(), at: z.number() }).nullable(),
});

const eventSchema = z.object({
  /** The header `x-razorpay-event-id`: the body does not say it. */
  id: z.string(),
  type: z.string(),
  created_ms: z.number(),
  body: z.record(z.string(), z.json()),
  pending_webhooks: z.number(),
  /** A webhook that wants it did not take it within 24 hours, or was disabled when it happened. */
  undelivered: z.boolean(),
});

const timerSchema = z.object({
  what: z.enum(['settle payment', 'give payment back', 'settle refund']),
  of: z.string(),
  due_ms: z.number(),
});

const answerSchema = z.object({
  fingerprint: z.string(),
  body: z.string(),
});

const accountSchema = z.object({ id: z.string() });
const disabledSchema = z.object({ since_ms: z.number() });

export type Order = z.infer<typeof orderSchema>;
export type Payment = z.infer<typeof paymentSchema>;
export type Refund = z.infer<typeof refundSchema>;
export type Dispute = z.infer<typeof disputeSchema>;
export type EventRecord = z.infer<typeof eventSchema>;
export type Timer = z.infer<typeof timerSchema>;

export interface Records {
  readonly orders: Collection<Order>;
  readonly payments: Collection<Payment>;
  readonly refunds: Collection<Refund>;
  readonly disputes: Collection<Dispute>;
  readonly events: Collection<EventRecord>;
  readonly deliveries: Collection<Delivery>;
  /** What the clock will bring, by what and whose. */
  readonly timers: Collection<Timer>;
  /** Refunds by their idempotency key. */
  readonly answers: Collection<z.infer<typeof answerSchema>>;
  readonly accounts: Collection<z.infer<typeof accountSchema>>;
  /** Webhooks that are switched off, by their place in the list of targets. */
  readonly disabledWebhooks: Collection<z.infer<typeof disabledSchema>>;
  transaction<R>(run: () => R): R;
}

/** The stand-in's collections in the stack's durable state. */
export function openRecords(state: StateStore): Records {
  return {
    orders: state.collection('razorpay-orders', orderSchema),
    payments: state.collection('razorpay-payments', paymentSchema),
    refunds: state.collection('razorpay-refunds', refundSchema),
    disputes: state.collection('razorpay-disputes', disputeSchema),
    events: state.collection('razorpay-events', eventSchema),
    deliveries: state.collection('razorpay-deliveries', deliverySchema),
    timers: state.collection('razorpay-timers', timerSchema),
    answers: state.collection('razorpay-idempotency', answerSchema),
    accounts: state.collection('razorpay-account', accountSchema),
    disabledWebhooks: state.collection('razorpay-disabled-webhooks', disabledSchema),
    transaction: (run) => state.transaction(run),
  };
}
