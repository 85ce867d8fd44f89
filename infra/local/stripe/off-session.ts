import type Stripe from 'stripe';
import * as z from 'zod';

import type { Account } from '#infra/local/stripe/account';
import { chargeSavedCard } from '#infra/local/stripe/charge-card';
import { invalidRequest, notSimulated, StripeApiError } from '#infra/local/stripe/errors';
import type { Cause } from '#infra/local/stripe/event-log';
import type { FormFields } from '#infra/local/stripe/form';
import {
  currency,
  email,
  expand,
  flag,
  list,
  metadata,
  positive,
  readParameters,
  text,
} from '#infra/local/stripe/parameters';
import { renderPaymentIntent } from '#infra/local/stripe/payment-shape';
import type { Payment } from '#infra/local/stripe/records';
import { findCustomer, findPaymentMethod } from '#infra/local/stripe/saved-cards';

type Params = Stripe.PaymentIntentCreateParams;

/** Parameters of `POST /v1/payment_intents`, as far as a saved card is charged at once with them. */
export const paymentIntentCreateParameters = z.strictObject({
  allowed_payment_method_types: list(text()).optional(),
  amount: positive,
  confirm: flag,
  currency,
  customer: text(),
  description: text().optional(),
  error_on_requires_action: flag.optional(),
  expand,
  metadata: metadata.default({}),
  off_session: flag,
  payment_method: text(),
  receipt_email: email.optional(),
  statement_descriptor: text(22).optional(),
  statement_descriptor_suffix: text(22).optional(),
} satisfies Partial<Record<keyof Params, z.ZodType>>);

/** Charges a saved card; a refusal of the bank is Stripe's 402, with the intent that it left behind. */
export function createOffSessionPayment(
  account: Account,
  request: { readonly fields: FormFields; readonly cause: Cause },
): { readonly payment: Payment; readonly expand: readonly string[] } {
  for (const [name, what] of NEEDED) {
    if (!(name in request.fields)) throw notSimulated(what, name);
  }
  const params = readParameters(paymentIntentCreateParameters, request.fields);
  if (!params.confirm || !params.off_session) {
    throw notSimulated('payment intents that a page confirms', 'confirm');
  }
  const customer = findCustomer(account, params.customer, 'customer');
  const method = findPaymentMethod(account, params.payment_method, false);
  if (method.customer !== customer.id) {
    throw invalidRequest(
      `The provided PaymentMethod does not belong to the Customer you supplied (${customer.id}).`,
      { param: 'payment_method' },
    );
  }
  const payment = chargeSavedCard(account, {
    method,
    cause: request.cause,
    charging: {
      amount: params.amount,
      currency: params.currency,
      metadata: params.metadata,
      description: params.description ?? null,
      receipt_email: params.receipt_email ?? null,
      statement_descriptor: params.statement_descriptor ?? null,
      statement_descriptor_suffix: params.statement_descriptor_suffix ?? null,
    },
  });
  const { error } = payment;
  if (error === null) return { payment, expand: params.expand };
  throw new StripeApiError({
    status: 402,
    type: 'card_error',
    code: error.code,
    message: error.message,
    declined: { code: error.decline_code, intent: renderPaymentIntent(payment) },
    executed: true,
  });
}

const NEEDED = [
  ['confirm', 'payment intents that are confirmed later'],
  ['off_session', 'payment intents whose customer is there'],
  ['payment_method', 'payment intents without a payment method'],
] as const;
