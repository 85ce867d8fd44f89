import * as z from 'zod';

import { type Delivery, deliverySchema } from '#infra/local/providers/webhook-deliveries';
import type { Collection, StateStore } from '#infra/local/state';
import { type CustomerRecords, openCustomerRecords } from '#infra/local/stripe/customer-records';
import {
  openSubscriptionRecords,
  type SubscriptionRecords,
} from '#infra/local/stripe/subscription-records';

/*
 * What the stand-in remembers: facts only. The objects that Stripe's API shows are rendered from
 * them (shapes.ts), so that a change of Stripe's shapes never has to migrate stored data.
 * Times are whole seconds since 1970 as in Stripe's API, unless the name ends in `_ms`.
 */

const metadataSchema = z.record(z.string(), z.string());

const lineSchema = z.object({
  id: z.string(),
  price_id: z.string(),
  product_id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  images: z.array(z.string()),
  product_metadata: metadataSchema,
  metadata: metadataSchema,
  unit_amount: z.number(),
  quantity: z.number(),
});

const sessionSchema = z.object({
  id: z.string(),
  created: z.number(),
  expires_at: z.number(),
  mode: z.enum(['payment', 'setup', 'subscription']).default('payment'),
  status: z.enum(['open', 'complete', 'expired']),
  payment_status: z.enum(['unpaid', 'paid', 'no_payment_required']),
  currency: z.string(),
  lines: z.array(lineSchema),
  success_url: z.string(),
  cancel_url: z.string().nullable(),
  client_reference_id: z.string().nullable(),
  customer: z.string().nullable().default(null),
  customer_email: z.string().nullable(),
  payer: z.object({ email: z.string(), name: z.string().nullable() }).nullable(),
  metadata: metadataSchema,
  payment: z.object({
    metadata: metadataSchema,
    description: z.string().nullable(),
    receipt_email: z.string().nullable(),
    statement_descriptor: z.string().nullable(),
    statement_descriptor_suffix: z.string().nullable(),
  }),
  /** What a session in setup mode gives its intent. */
  setup: z
    .object({ metadata: metadataSchema, description: z.string().nullable() })
    .nullable()
    .default(null),
  /** What a session in subscription mode gives its subscription, and what it has become. */
  subscription_data: z
    .object({ metadata: metadataSchema, description: z.string().nullable() })
    .nullable()
    .default(null),
  subscription: z.string().nullable().default(null),
  invoice: z.string().nullable().default(null),
  payment_intent: z.string().nullable(),
  setup_intent: z.string().nullable().default(null),
  adaptive_pricing: z.boolean(),
  allow_promotion_codes: z.boolean().nullable(),
  allowed_payment_method_types: z.array(z.string()).nullable(),
  billing_address_collection: z.string().nullable(),
  locale: z.string().nullable(),
  submit_type: z.string().nullable(),
});

const paymentSchema = z.object({
  id: z.string(),
  client_secret: z.string(),
  /** Null for a saved card that was charged while its owner was away. */
  session: z.string().nullable(),
  customer: z.string().nullable().default(null),
  created: z.number(),
  amount: z.number(),
  currency: z.string(),
  status: z.enum(['requires_payment_method', 'processing', 'succeeded', 'canceled']),
  canceled_at: z.number().nullable(),
  latest_charge: z.string().nullable(),
  payment_method: z.string().nullable(),
  payment_method_types: z.array(z.string()),
  error: z.object({ code: z.string(), decline_code: z.string(), message: z.string() }).nullable(),
  metadata: metadataSchema,
  description: z.string().nullable(),
  receipt_email: z.string().nullable(),
  statement_descriptor: z.string().nullable(),
  statement_descriptor_suffix: z.string().nullable(),
  /** How a payment that is still under way will end. */
  settles_as: z.enum(['success', 'failure']).nullable(),
});

const chargeSchema = z.object({
  id: z.string(),
  payment_intent: z.string(),
  payment_method: z.string(),
  method: z.enum(['card', 'us_bank_account', 'sepa_debit']),
  created: z.number(),
  amount: z.number(),
  currency: z.string(),
  status: z.enum(['succeeded', 'pending', 'failed']),
  amount_refunded: z.number(),
  disputed: z.boolean().default(false),
  balance_transaction: z.string().nullable(),
  failure: z.object({ code: z.string(), decline_code: z.string(), message: z.string() }).nullable(),
  payer: z.object({ email: z.string(), name: z.string().nullable() }),
  customer: z.string().nullable().default(null),
  metadata: metadataSchema,
  description: z.string().nullable(),
  receipt_email: z.string().nullable(),
  statement_descriptor: z.string().nullable(),
  statement_descriptor_suffix: z.string().nullable(),
});

const refundSchema = z.object({
  id: z.string(),
  created: z.number(),
  charge: z.string(),
  payment_intent: z.string(),
  balance_transaction: z.string(),
  method: z.enum(['card', 'us_bank_account', 'sepa_debit']),
  amount: z.number(),
  currency: z.string(),
  reason: z.string().nullable(),
  metadata: metadataSchema,
  status: z.enum(['pending', 'succeeded', 'failed']),
});

const disputeSchema = z.object({
  id: z.string(),
  created: z.number(),
  charge: z.string(),
  payment_intent: z.string(),
  amount: z.number(),
  currency: z.string(),
  status: z.enum([
    'warning_needs_response',
    'warning_under_review',
    'warning_closed',
    'needs_response',
    'under_review',
    'won',
    'lost',
    'appeal_under_review',
  ]),
  /** What it took from the balance, below zero, and brought back. */
  movements: z.array(z.object({ id: z.string(), amount: z.number(), at: z.number() })),
  responded: z.boolean(),
});

const eventSchema = z.object({
  id: z.string(),
  type: z.string(),
  created: z.number(),
  /** The event as JSON, but for `pending_webhooks`, which changes with the deliveries. */
  body: z.record(z.string(), z.json()),
  pending_webhooks: z.number(),
  /** One of the deliveries was given up after the last retry. */
  undelivered: z.boolean(),
});

const timerSchema = z.object({
  session: z.string(),
  what: z.enum(['expire', 'settle']),
  due_ms: z.number(),
});

const answerSchema = z.object({
  fingerprint: z.string(),
  route: z.string(),
  created_ms: z.number(),
  status: z.number(),
  body: z.string(),
  request_id: z.string(),
});

export type Line = z.infer<typeof lineSchema>;
export type Session = z.infer<typeof sessionSchema>;
export type Payment = z.infer<typeof paymentSchema>;
export type Charge = z.infer<typeof chargeSchema>;
export type Refund = z.infer<typeof refundSchema>;
export type Dispute = z.infer<typeof disputeSchema>;
export type EventRecord = z.infer<typeof eventSchema>;
export type Answer = z.infer<typeof answerSchema>;

export interface Records extends CustomerRecords, SubscriptionRecords {
  readonly sessions: Collection<Session>;
  readonly payments: Collection<Payment>;
  readonly charges: Collection<Charge>;
  readonly refunds: Collection<Refund>;
  readonly disputes: Collection<Dispute>;
  readonly events: Collection<EventRecord>;
  /** Only what is still to be delivered: a finished delivery leaves the collection. */
  readonly deliveries: Collection<Delivery>;
  /** What the clock will bring: the end of open sessions, the arrival of slow payments. */
  readonly timers: Collection<z.infer<typeof timerSchema>>;
  readonly answers: Collection<Answer>;
  transaction<R>(run: () => R): R;
}

/** The stand-in's collections in the stack's durable state. */
export function openRecords(state: StateStore): Records {
  return {
    ...openCustomerRecords(state),
    ...openSubscriptionRecords(state),
    sessions: state.collection('stripe-sessions', sessionSchema),
    payments: state.collection('stripe-payments', paymentSchema),
    charges: state.collection('stripe-charges', chargeSchema),
    refunds: state.collection('stripe-refunds', refundSchema),
    disputes: state.collection('stripe-disputes', disputeSchema),
    events: state.collection('stripe-events', eventSchema),
    deliveries: state.collection('stripe-deliveries', deliverySchema),
    timers: state.collection('stripe-timers', timerSchema),
    answers: state.collection('stripe-idempotency', answerSchema),
    transaction: (run) => state.transaction(run),
  };
}

/** What a session asks for, in the currency's smallest unit. */
export function sessionTotal(session: Session): number {
  return session.lines.reduce((sum, line) => sum + line.unit_amount * line.quantity, 0);
}

/** Whom a session belongs to, as far as that is known before its page is filled in. */
export function knownEmail(session: Session): string | null {
  return session.customer_email ?? session.payer?.email ?? null;
}
