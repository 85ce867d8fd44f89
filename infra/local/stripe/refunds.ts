import type Stripe from 'stripe';
import * as z from 'zod';

import { unixSeconds, type Account } from '#infra/local/stripe/account';
import { invalidRequest, missingResource, notSimulated } from '#infra/local/stripe/errors';
import { type Cause, NO_REQUEST } from '#infra/local/stripe/event-log';
import type { FormFields } from '#infra/local/stripe/form';
import { newId } from '#infra/local/stripe/ids';
import { expand, metadata, positive, readParameters, text } from '#infra/local/stripe/parameters';
import { renderCharge, renderRefund } from '#infra/local/stripe/payment-shape';
import type { Charge, Refund } from '#infra/local/stripe/records';

type Params = Stripe.RefundCreateParams;

const NOT_SIMULATED = [
  'currency',
  'customer',
  'instructions_email',
  'origin',
  'refund_application_fee',
  'reverse_transfer',
] as const satisfies (keyof Params)[];

/** Parameters of `POST /v1/refunds`. */
export const refundCreateParameters = z.strictObject({
  amount: positive.optional(),
  charge: text().optional(),
  expand,
  metadata: metadata.default({}),
  payment_intent: text().optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
} satisfies Partial<Record<keyof Params, z.ZodType>>);

/** Gives money back, in part or in whole, never more than was taken. */
export function createRefund(
  account: Account,
  request: { readonly fields: FormFields; readonly cause: Cause },
): { readonly refund: Refund; readonly expand: readonly string[] } {
  const { clock, records, recordEvent } = account;
  const { fields, cause } = request;
  const absent = NOT_SIMULATED.find((name) => name in fields);
  if (absent !== undefined) throw notSimulated(`the parameter ${absent}`, absent);
  const params = readParameters(refundCreateParameters, fields);
  return records.transaction(() => {
    const charge = chargeToRefund(account, params);
    const left = charge.amount - charge.amount_refunded;
    const amount = params.amount ?? left;
    checkRefundable({ charge, amount, left });
    const refund: Refund = {
      id: newId('refund'),
      created: unixSeconds(clock.now()),
      charge: charge.id,
      payment_intent: charge.payment_intent,
      balance_transaction: newId('balanceTransaction'),
      method: charge.method,
      amount,
      currency: charge.currency,
      reason: params.reason ?? null,
      metadata: params.metadata,
      status: 'succeeded',
    };
    const refunded: Charge = { ...charge, amount_refunded: charge.amount_refunded + amount };
    records.refunds.put(refund.id, refund);
    records.charges.put(charge.id, refunded);
    recordEvent({ type: 'refund.created', object: renderRefund(refund), cause });
    recordEvent({
      type: 'charge.refunded',
      object: renderCharge(refunded),
      previous: {
        amount_refunded: charge.amount_refunded,
        ...(amount === left ? { refunded: false } : {}),
      },
      cause,
    });
    return { refund, expand: params.expand };
  });
}

/**
 * What the customer's bank does, days later: a refund does not arrive, and its money comes back to the account. Throws
 * `StripeApiError` when the refund is unknown or has failed before.
 */
export function failRefund(account: Account, id: string): Refund {
  const { records, recordEvent } = account;
  return records.transaction(() => {
    const refund = records.refunds.get(id);
    if (refund === undefined) throw missingResource('refund', id, { param: 'id', inPath: true });
    if (refund.status === 'failed') throw invalidRequest(`Refund ${id} has failed already.`);
    const failed: Refund = { ...refund, status: 'failed' };
    const charge = records.charges.get(refund.charge);
    if (charge !== undefined) {
      const amount_refunded = charge.amount_refunded - refund.amount;
      records.charges.put(charge.id, { ...charge, amount_refunded });
    }
    records.refunds.put(id, failed);
    const object = renderRefund(failed);
    const previous = { status: refund.status };
    recordEvent({ type: 'refund.updated', object, previous, cause: NO_REQUEST });
    recordEvent({ type: 'refund.failed', object, cause: NO_REQUEST });
    return failed;
  });
}

function chargeToRefund(account: Account, params: z.output<typeof refundCreateParameters>): Charge {
  const { records } = account;
  if (params.charge !== undefined) {
    const charge = records.charges.get(params.charge);
    if (charge === undefined) {
      throw missingResource('charge', params.charge, { param: 'charge', inPath: false });
    }
    if (params.payment_intent !== undefined && params.payment_intent !== charge.payment_intent) {
      throw invalidRequest('The charge does not belong to the payment_intent.', {
        param: 'payment_intent',
      });
    }
    return charge;
  }
  if (params.payment_intent === undefined) {
    throw invalidRequest(
      'One of the following params should be provided for this request: payment_intent or charge.',
    );
  }
  const payment = records.payments.get(params.payment_intent);
  if (payment === undefined) {
    throw missingResource('payment_intent', params.payment_intent, {
      param: 'payment_intent',
      inPath: false,
    });
  }
  const charge = records.charges.get(payment.latest_charge ?? '');
  if (charge === undefined || payment.status !== 'succeeded') {
    throw invalidRequest(
      `This PaymentIntent (${payment.id}) does not have a successful charge to refund.`,
      { param: 'payment_intent', executed: true },
    );
  }
  return charge;
}

function checkRefundable(refund: {
  readonly charge: Charge;
  readonly amount: number;
  readonly left: number;
}): void {
  const { charge, amount, left } = refund;
  if (charge.status !== 'succeeded') {
    throw invalidRequest(`Charge ${charge.id} has not succeeded and cannot be refunded.`, {
      param: 'charge',
      executed: true,
    });
  }
  if (left === 0) {
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, {
      code: 'charge_already_refunded',
      executed: true,
    });
  }
  if (amount > left) {
    throw invalidRequest(
      `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`,
      { param: 'amount', executed: true },
    );
  }
}
