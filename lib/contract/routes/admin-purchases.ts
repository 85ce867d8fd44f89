import * as z from 'zod';
import { MONEY_MAX, wholeNumber } from '#lib/contract/amounts';
import { description, periodEnd, periodStart } from '#lib/contract/fields';
import { keyPart, providerId, userId } from '#lib/contract/ids';
import { listQuery } from '#lib/contract/queries';
import { route } from '#lib/contract/route';
import {
  paymentProvider,
  purchase,
  purchaseList,
  purchaseRefund,
  purchaseStatus,
} from '#lib/contract/wire';

/** What support looks up about purchases, and what finance does about single ones by asking the payment providers. */
export const adminPurchaseRoutes = {
  listAllPurchases: route({
    name: 'listAllPurchases',
    method: 'GET',
    path: '/admin/credits/purchases',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.read' },
    summary: 'Purchases of all users, newest first',
    query: z.strictObject({
      user_id: userId.optional(),
      status: purchaseStatus.optional(),
      provider: paymentProvider.optional(),
      from: periodStart.optional(),
      to: periodEnd.optional(),
      limit: listQuery.shape.limit,
      cursor: listQuery.shape.cursor,
    }),
    answers: { 200: purchaseList },
    errors: ['INVALID_CURSOR'],
  }),
  fulfillPurchase: route({
    name: 'fulfillPurchase',
    method: 'POST',
    path: '/admin/credits/fulfill',
    function: 'purchases',
    access: { kind: 'admin', permission: 'admin.refund' },
    summary: 'Asks the provider what became of a session or order, and credits what was paid',
    body: z
      .strictObject({ session_id: providerId.optional(), order_id: providerId.optional() })
      .refine(
        (body) => (body.session_id === undefined) !== (body.order_id === undefined),
        'must name either session_id or order_id',
      ),
    idempotent: true,
    answers: { 200: purchase },
    errors: [
      'NOT_FOUND',
      'PAYMENT_NOT_CAPTURED',
      'PAYMENT_AMOUNT_MISMATCH',
      'PAYMENT_CURRENCY_MISMATCH',
      'PURCHASE_PAID_ALREADY',
      'PAYMENT_NOT_CREDITED',
      'PAYMENT_PROVIDER_FAILED',
      'PAYMENT_PROVIDER_UNAVAILABLE',
      'CONTENTION',
    ],
  }),
  refundPurchase: route({
    name: 'refundPurchase',
    method: 'POST',
    path: '/admin/credits/purchases/{id}/refund',
    function: 'purchases',
    access: { kind: 'admin', permission: 'admin.refund' },
    summary: 'Gives a payment back, in whole or in part, and takes its share of the credits back',
    params: z.strictObject({ id: keyPart }),
    body: z.strictObject({
      amount: wholeNumber({ min: 1, max: MONEY_MAX })
        .optional()
        .meta({ description: 'In minor units; all that is left, if left out.' }),
      reason: description,
    }),
    idempotent: true,
    answers: { 201: purchaseRefund },
    errors: [
      'NOT_FOUND',
      'PURCHASE_NOT_PAID',
      'ALREADY_REFUNDED',
      'REFUND_EXCEEDS_PAYMENT',
      'REFUND_OUTCOME_UNKNOWN',
      'CONFLICT',
      'PAYMENT_PROVIDER_FAILED',
      'PAYMENT_PROVIDER_UNAVAILABLE',
      'CONTENTION',
    ],
  }),
};
