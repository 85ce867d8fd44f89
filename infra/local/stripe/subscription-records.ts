import * as z from 'zod';

import type { Collection, StateStore } from '#infra/local/state';

/*
 * Subscriptions and their invoices. Facts only, as in records.ts; times are whole seconds since 1970.
 */

const metadataSchema = z.record(z.string(), z.string());
const periodSchema = z.object({ start: z.number(), end: z.number() });

const invoiceLineSchema = z.object({
  id: z.string(),
  amount: z.number(),
  description: z.string(),
  price: z.string(),
  period: periodSchema,
  /** What a change of price gives back or asks for. */
  proration: z.boolean(),
});

const subscriptionSchema = z.object({
  id: z.string(),
  item: z.string(),
  created: z.number(),
  customer: z.string(),
  price: z.string(),
  default_payment_method: z.string().nullable(),
  description: z.string().nullable(),
  metadata: metadataSchema,
  /** Months are counted from here, so that a 31st comes back after a February. */
  anchor: z.number(),
  /** The current period's number, from 0. */
  month: z.number(),
  status: z.enum(['incomplete', 'active', 'past_due', 'canceled']),
  cancel_at_period_end: z.boolean(),
  canceled_at: z.number().nullable(),
  ended_at: z.number().nullable(),
  cancellation: z.object({
    comment: z.string().nullable(),
    feedback: z.string().nullable(),
    reason: z.enum(['cancellation_requested', 'payment_failed']).nullable(),
  }),
  latest_invoice: z.string().nullable(),
  /** Lines that wait for the next invoice. */
  pending: z.array(invoiceLineSchema),
});

const invoiceSchema = z.object({
  id: z.string(),
  number: z.string(),
  subscription: z.string(),
  customer: z.string(),
  customer_email: z.string().nullable(),
  customer_name: z.string().nullable(),
  metadata: metadataSchema,
  created: z.number(),
  currency: z.string(),
  billing_reason: z.enum(['subscription_create', 'subscription_cycle', 'subscription_update']),
  status: z.enum(['draft', 'open', 'paid']),
  lines: z.array(invoiceLineSchema),
  period: periodSchema,
  /** The customer's balance that it used, below zero for what they have to their credit. */
  starting_balance: z.number(),
  ending_balance: z.number().nullable(),
  attempts: z.number(),
  /** When a draft is finalized, and when a failed payment is tried again. */
  due: z.number().nullable(),
  finalized_at: z.number().nullable(),
  paid_at: z.number().nullable(),
  payment_intent: z.string().nullable(),
});

export type Subscription = z.infer<typeof subscriptionSchema>;
export type Invoice = z.infer<typeof invoiceSchema>;
export type InvoiceLine = z.infer<typeof invoiceLineSchema>;

export interface SubscriptionRecords {
  readonly subscriptions: Collection<Subscription>;
  readonly invoices: Collection<Invoice>;
}

export function openSubscriptionRecords(state: StateStore): SubscriptionRecords {
  return {
    subscriptions: state.collection('stripe-subscriptions', subscriptionSchema),
    invoices: state.collection('stripe-invoices', invoiceSchema),
  };
}

/** The period with that number, from 0: a day that a month does not have becomes its last. */
export function periodOf(
  subscription: Pick<Subscription, 'anchor' | 'month'>,
): z.infer<typeof periodSchema> {
  const { anchor, month } = subscription;
  return { start: monthsAfter(anchor, month), end: monthsAfter(anchor, month + 1) };
}

function monthsAfter(anchor: number, months: number): number {
  const from = new Date(anchor * 1000);
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth() + months];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const timeOfDay = anchor % 86_400;
  const day = Math.min(from.getUTCDate(), lastDay);
  return Date.UTC(year, month, day) / 1000 + timeOfDay;
}

/** What all lines of an invoice come to; below zero where more is given back than asked for. */
export function invoiceTotal(invoice: Pick<Invoice, 'lines'>): number {
  return invoice.lines.reduce((sum, line) => sum + line.amount, 0);
}

/** What is to be paid after the customer's balance. */
export function amountDue(invoice: Pick<Invoice, 'lines' | 'starting_balance'>): number {
  return Math.max(0, invoiceTotal(invoice) + invoice.starting_balance);
}
