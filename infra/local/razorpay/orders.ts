import * as z from 'zod';

import { badRequest } from '#infra/local/razorpay/errors';
import { type Account, unixSeconds } from '#infra/local/razorpay/event-log';
import { newId } from '#infra/local/razorpay/ids';
import { amount, currency, notes, readParameters } from '#infra/local/razorpay/parameters';
import type { Order } from '#infra/local/razorpay/records';

const AMOUNT_MIN = 100;
const RECEIPT_MAX_LENGTH = 40;

/** Parameters of `POST /v1/orders`. */
const orderParameters = z.strictObject({
  amount,
  currency,
  notes: notes.default({}),
  partial_payment: z
    .literal(false, { error: 'The local Razorpay stand-in does not simulate partial payments.' })
    .optional(),
  payment_capture: z.union([z.boolean(), z.literal(0), z.literal(1)]).default(true),
  receipt: z
    .string()
    .max(RECEIPT_MAX_LENGTH, {
      error: `The receipt may not be greater than ${RECEIPT_MAX_LENGTH} characters.`,
    })
    .nullish(),
  unique_receipt: z.boolean().default(false),
});

const NOT_SIMULATED = [
  'bank_account',
  'checkout_config_id',
  'customer_details',
  'customer_id',
  'discount',
  'first_payment_min_amount',
  'line_items',
  'line_items_total',
  'method',
  'offer_id',
  'offers',
  'payment',
  'products',
  'token',
  'transfers',
];

/**
 * Makes an order. With `unique_receipt` the same request gets the same order again, and another one
 * with a receipt that is taken is refused; without it a receipt may be used any number of times.
 */
export function createOrder(
  account: Account,
  request: { readonly fields: unknown; readonly keyId: string },
): Order {
  const { clock, records } = account;
  const params = readParameters(orderParameters, request.fields, { notSimulated: NOT_SIMULATED });
  if (params.amount < AMOUNT_MIN) {
    throw badRequest('Order amount less than minimum amount allowed', {
      field: 'amount',
      step: 'order_creation',
      reason: 'amount_less_than_minimum_amount',
    });
  }
  const receipt = params.receipt ?? null;
  if (params.unique_receipt) {
    if (receipt === null) throw badRequest('receipt: is required.', { field: 'receipt' });
    const present = records.orders.list().find((order) => order.receipt === receipt);
    if (present !== undefined) return sameOrder(present, params);
  }
  const order: Order = {
    id: newId('order'),
    key_id: request.keyId,
    created: unixSeconds(clock.now()),
    amount: params.amount,
    currency: params.currency,
    receipt,
    notes: params.notes,
    capture:
      params.payment_capture === true || params.payment_capture === 1 ? 'automatic' : 'manual',
    status: 'created',
    attempts: 0,
  };
  records.orders.put(order.id, order);
  return order;
}

function sameOrder(present: Order, params: z.output<typeof orderParameters>): Order {
  if (present.amount === params.amount && present.currency === params.currency) return present;
  throw badRequest('Order receipt should be unique.', {
    field: 'receipt',
    metadata: { order_id: present.id },
  });
}
