import * as z from 'zod';

import type { Collection, StateStore } from '#infra/local/state';

/*
 * Customers, what they have saved to be charged with later, and how they saved it. Facts only, as in records.ts.
 */

const metadataSchema = z.record(z.string(), z.string());

const customerSchema = z.object({
  id: z.string(),
  created: z.number(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  description: z.string().nullable(),
  metadata: metadataSchema,
  default_payment_method: z.string().nullable(),
  /** Below zero for what invoices have given back. */
  balance: z.number().default(0),
  invoice_prefix: z.string(),
});

/**
 * What a saved card does when its owner is not there, as Stripe's test cards: it pays; it is declined (4000 0000 0000
 * 0341); its bank wants to see its owner first (4000 0027 6000 3184).
 */
export const CARD_BEHAVIOURS = ['pays', 'declines', 'asks'] as const;
export type CardBehaviour = (typeof CARD_BEHAVIOURS)[number];

const paymentMethodSchema = z.object({
  id: z.string(),
  created: z.number(),
  customer: z.string().nullable(),
  behaviour: z.enum(CARD_BEHAVIOURS),
  email: z.string().nullable(),
  name: z.string().nullable(),
  metadata: metadataSchema,
});

const setupIntentSchema = z.object({
  id: z.string(),
  client_secret: z.string(),
  created: z.number(),
  customer: z.string().nullable(),
  payment_method: z.string().nullable(),
  status: z.enum(['requires_payment_method', 'succeeded', 'canceled']),
  declined: z.boolean(),
  description: z.string().nullable(),
  metadata: metadataSchema,
});

export type Customer = z.infer<typeof customerSchema>;
export type PaymentMethod = z.infer<typeof paymentMethodSchema>;
export type SetupIntent = z.infer<typeof setupIntentSchema>;

export interface CustomerRecords {
  readonly customers: Collection<Customer>;
  readonly paymentMethods: Collection<PaymentMethod>;
  readonly setupIntents: Collection<SetupIntent>;
}

export function openCustomerRecords(state: StateStore): CustomerRecords {
  return {
    customers: state.collection('stripe-customers', customerSchema),
    paymentMethods: state.collection('stripe-payment-methods', paymentMethodSchema),
    setupIntents: state.collection('stripe-setup-intents', setupIntentSchema),
  };
}
